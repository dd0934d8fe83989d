// Programs of different versions: fields added, dropped and moved, classes with versions, names of types, and what a
// field that does not fit says.
#include <cereal/types/memory.hpp>
#include <cereal/types/variant.hpp>

#include "support.hpp"

namespace holdfast::test {

struct user_1 {
    std::string name;
    int age = 0;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(CEREAL_NVP(name), CEREAL_NVP(age));
    }
};

/// The next version: a field more, one dropped, another order.
struct user_2 {
    std::vector<std::string> tags{"new"};
    std::string name;
    std::optional<double> score = 0.5;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(CEREAL_NVP(tags), CEREAL_NVP(score), CEREAL_NVP(name));
    }
};

struct measured {
    int value = 0;
    std::string unit = "m";

    template <class Archive>
    void serialize(Archive& archive, std::uint32_t version) {
        seen = version;
        archive(CEREAL_NVP(value));
        if (version >= 2) {
            archive(CEREAL_NVP(unit));
        }
    }
    std::uint32_t seen = 0;
};

struct code {
    int number = 0;

    template <class Archive>
    int save_minimal(const Archive&, std::uint32_t) const {
        return number;
    }
    template <class Archive>
    void load_minimal(const Archive&, const int& read, std::uint32_t version) {
        number = version == 3 ? read : -read;
    }
};

} // namespace holdfast::test

CEREAL_CLASS_VERSION(holdfast::test::measured, 2)
CEREAL_CLASS_VERSION(holdfast::test::code, 3)

template <>
struct holdfast::type_description<holdfast::test::user_1> {
    static constexpr std::string_view name = "User";
};
template <>
struct holdfast::type_description<holdfast::test::user_2> {
    static constexpr std::string_view name = "User";
};
template <>
struct holdfast::type_description<holdfast::test::code> {
    static constexpr std::string_view name = "Code";
};

namespace holdfast::test {
namespace {

TEST(versions, an_older_document_keeps_the_defaults_of_new_fields) {
    const auto read = from_document<user_2>(to_document(user_1{"Ada", 36}));
    EXPECT_EQ(read.name, "Ada");
    EXPECT_EQ(read.tags, std::vector<std::string>{"new"});
    EXPECT_EQ(read.score, 0.5);
}

TEST(versions, a_newer_document_is_read_without_its_new_fields) {
    user_2 newer;
    newer.name = "Grace";
    newer.tags = {"a", "b"};
    const auto read = from_document<user_1>(to_document(newer));
    EXPECT_EQ(read.name, "Grace");
    EXPECT_EQ(read.age, 0);
    user_1 known{"", 45};
    from_document(to_document(newer), known);
    EXPECT_EQ(known.age, 45);
}

TEST(versions, fields_come_in_any_order) {
    for (const char* json :
         {R"({"a":1,"b":2,"c":3,"d":4})", R"({"d":4,"c":3,"b":2,"a":1})", R"({"b":2,"d":4,"a":1,"c":3})",
          R"({"x":[{}],"c":3,"y":{"a":9},"a":1,"d":4,"z":null,"b":2,"w":"w"})"}) {
        struct four {
            int a = 0, b = 0, c = 0, d = 0;
            void serialize(document_input_archive& archive) {
                archive(CEREAL_NVP(a), CEREAL_NVP(b), CEREAL_NVP(c), CEREAL_NVP(d));
            }
            void serialize(document_output_archive&) {}
        } read;
        std::vector<four> twice(2);
        // Twice, so that the end of the first is found in each order.
        from_document(document_from_json('[' + std::string(json) + ',' + json + ']'), twice);
        for (const four& each : twice) {
            EXPECT_EQ(std::tie(each.a, each.b, each.c, each.d), std::make_tuple(1, 2, 3, 4)) << json;
        }
        from_document(document_from_json(json), read);
        EXPECT_EQ(read.d, 4);
    }
    // The same in maps that end with a break.
    const auto read = from_document<user_1>(from_hex("bf636167651824617807646e616d656141ff"));
    EXPECT_EQ(read.name, "A");
    EXPECT_EQ(read.age, 36);
}

struct bare_1 {
    int a = 1;
    template <class Archive>
    void serialize(Archive& archive) {
        archive(a);
    }
};

struct bare_2 {
    int a = 1;
    std::vector<int> b{5};
    user_1 c{"kept", 7};
    std::variant<int, std::string> d = "kept";
    std::byte e{9};
    std::unique_ptr<int> f = std::make_unique<int>(3);
    template <class Archive>
    void serialize(Archive& archive) {
        archive(a, b, c, d, e, f);
    }
};

TEST(versions, values_without_names_keep_their_defaults_too) {
    const auto read = from_document<bare_2>(to_document(bare_1{8}));
    EXPECT_EQ(read.a, 8);
    EXPECT_EQ(read.b, std::vector<int>{5});
    EXPECT_EQ(read.c.name, "kept");
    EXPECT_EQ(std::get<1>(read.d), "kept");
    EXPECT_EQ(read.e, std::byte{9});
    EXPECT_EQ(*read.f, 3);
    const bare_2 newer;
    EXPECT_EQ(from_document<bare_1>(to_document(newer)).a, 1);
}

TEST(versions, a_class_is_written_with_its_version) {
    const measured value{5, "km"};
    EXPECT_EQ(json_of(value), R"({"cereal_class_version":2,"value":5,"unit":"km"})");
    EXPECT_EQ(json_of(std::vector<measured>(2)).find("cereal_class_version", 30) == std::string::npos, false);
    EXPECT_EQ(json_of(code{7}), R"({"cereal_class_version":3,"value0":7})");
    EXPECT_EQ(from_document<code>(to_document(code{7})).number, 7);
    EXPECT_EQ((from_document<std::vector<code>>(to_document(std::vector<code>{{1}, {2}}))[1].number), 2);
}

TEST(versions, an_older_class_version_is_passed_on) {
    const auto old = from_json<measured>(R"({"value":5,"unit":"ignored","cereal_class_version":1})");
    EXPECT_EQ(old.seen, 1U);
    EXPECT_EQ(old.unit, "m");
    // Typed by hand, without a version: the class's own counts.
    const auto typed = from_json<measured>(R"({"unit":"km","value":5})");
    EXPECT_EQ(typed.seen, 2U);
    EXPECT_EQ(typed.unit, "km");
    EXPECT_EQ(from_json<code>(R"({"value0":7})").number, 7);
    EXPECT_EQ(from_json<code>(R"({"value0":7,"cereal_class_version":2})").number, -7);
}

TEST(versions, a_class_version_is_found_though_the_first_field_of_that_class_is_gone) {
    struct before {
        measured first, second;
        void serialize(document_output_archive& archive) { archive(CEREAL_NVP(first), CEREAL_NVP(second)); }
    };
    std::string json = json_of(before{});
    for (std::size_t at = 0; (at = json.find("version\":2", at)) != std::string::npos;) {
        json.replace(at, 10, "version\":1");
    }
    struct after {
        measured second;
        void serialize(document_input_archive& archive) { archive(CEREAL_NVP(second)); }
        void serialize(document_output_archive&) {}
    } read;
    from_document(document_from_json(json), read);
    EXPECT_EQ(read.second.seen, 1U);
}

TEST(versions, a_document_carries_the_name_of_its_type) {
    const std::string document = to_document(user_1{"Ada", 36});
    EXPECT_EQ(to_hex(document).substr(0, 16), "d81b826455736572");
    EXPECT_EQ(document_type_name(document), "User");
    EXPECT_EQ(document_to_json(document), R"({"name":"Ada","age":36})");
    EXPECT_EQ(document_type_name(to_document(5)), "");
    EXPECT_EQ(document_type_name(""), "");
    EXPECT_EQ(document_type_name(from_hex("d81b8261ff00")), "");
    // Nested it is not repeated.
    EXPECT_EQ(to_hex(to_document(std::vector<user_1>(1))).substr(0, 4), "81a2");
}

TEST(versions, a_document_of_another_type_is_refused) {
    const std::string document = to_document(user_1{"Ada", 36});
    expect_error(errc::wrong_type, "holds a document of type 'User', not 'Code'",
                 [&] { static_cast<void>(from_document<code>(document)); });
    // Without a name on one side anything goes.
    EXPECT_EQ(
        (from_document<std::map<std::string, std::variant<int>>>(from_hex("d81b826455736572a0")).size()), 0U);
    EXPECT_EQ(from_json<user_1>(R"({"name":"Ada"})").name, "Ada");
    // Tags of others are passed.
    EXPECT_EQ(from_document<user_1>(from_hex("d9d9f7a163616765c10a")).age, 10);
    EXPECT_EQ(document_type_name(from_hex("d9d9f7d81b82645573657200")), "User");
}

TEST(versions, numbers_convert_when_that_is_exact) {
    EXPECT_EQ(from_json<double>("9007199254740992"), 9007199254740992.0);
    EXPECT_EQ(from_json<double>("-18014398509481984"), -18014398509481984.0);
    EXPECT_EQ(from_json<double>("9223372036854775808"), 9223372036854775808.0);
    EXPECT_EQ(from_json<int>("3.0"), 3);
    EXPECT_EQ(from_json<int>("-3.0"), -3);
    EXPECT_EQ(from_json<int>("-0.0"), 0);
    EXPECT_EQ(from_json<std::int64_t>("-9.223372036854775808e18"), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(from_json<std::uint64_t>("1.8446744073709549568e19"), 18446744073709549568U);
    EXPECT_EQ(from_json<float>("0.1"), 0.1F);
    EXPECT_EQ(from_json<float>("16777216"), 16777216.0F);
}

template <class T>
void expect_inexact(const std::string& number, const std::string& shown) {
    struct holder {
        T value{};
        void serialize(document_input_archive& archive) { archive(cereal::make_nvp("a", value)); }
        void serialize(document_output_archive&) {}
    };
    expect_error(errc::out_of_range, "field '[1].a' holds " + shown + ", which its type can't hold exactly",
                 [&] {
                     std::vector<holder> read;
                     from_document(document_from_json("[{},{\"x\":0,\"a\":" + number + "}]"), read);
                 });
}

TEST(versions, numbers_that_do_not_fit_are_errors_that_name_the_field) {
    expect_inexact<std::int8_t>("128", "128");
    expect_inexact<std::int8_t>("-129", "-129");
    expect_inexact<unsigned>("-1", "-1");
    expect_inexact<std::int64_t>("9223372036854775808", "9223372036854775808");
    expect_inexact<std::int64_t>("9223372036854775808.0", "9223372036854775808");
    expect_inexact<std::uint64_t>("18446744073709551616.0", "18446744073709551616");
    expect_inexact<int>("3.5", "3.5");
    expect_inexact<int>("1e300", "1e+300");
    expect_inexact<int>(R"({"$float":"NaN"})", "nan");
    expect_inexact<int>(R"({"$float":"-Infinity"})", "-inf");
    expect_inexact<double>("9007199254740993", "9007199254740993");
    expect_inexact<double>("18446744073709551615", "18446744073709551615");
    expect_inexact<float>("16777217", "16777217");
    expect_inexact<float>("1e39", "1e+39");
    expect_error(errc::out_of_range, "-18446744073709551616",
                 [] { static_cast<void>(from_document<std::int64_t>(from_hex("3bffffffffffffffff"))); });
    expect_error(errc::out_of_range, "-18446744073709551616",
                 [] { static_cast<void>(from_document<double>(from_hex("3bffffffffffffffff"))); });
}

struct outer {
    std::map<std::string, std::vector<user_1>> groups;
    std::array<int, 2> pair{};
    bool flag = false;
    std::vector<std::byte> bytes;
    std::variant<int, std::string> either;
    std::unique_ptr<int> pointer;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(CEREAL_NVP(groups), CEREAL_NVP(pair), CEREAL_NVP(flag), CEREAL_NVP(bytes), CEREAL_NVP(either),
                CEREAL_NVP(pointer));
    }
};

TEST(versions, a_field_of_another_kind_is_an_error_that_names_its_path) {
    struct {
        const char* json;
        const char* message;
    } const cases[] = {
        {R"({"groups":{"a":[{},{"name":5}]}})", "field 'groups.a[1].name' holds a number, not text"},
        {R"({"groups":{"a":[{"age":"x"}]}})", "field 'groups.a[0].age' holds text, not a number"},
        {R"({"groups":{"a":[{"age":true}]}})", "field 'groups.a[0].age' holds a bool, not a number"},
        {R"({"groups":{"a":[{"age":null}]}})", "field 'groups.a[0].age' holds null, not a number"},
        {R"({"groups":{"a":[[1]]}})", "field 'groups.a[0]' holds an array, not an object"},
        {R"({"groups":{"a":{"b":1}}})", "field 'groups.a' holds an object, not an array"},
        {R"({"groups":[5]})", "field 'groups[0]' holds a number, not an object"},
        {R"({"groups":5})", "field 'groups' holds a number, not an object"},
        {R"({"pair":[1,2,3]})", "field 'pair' holds 3 elements, not 2"},
        {R"({"pair":{}})", "field 'pair' holds an object, not an array"},
        {R"({"flag":1})", "field 'flag' holds a number, not a bool"},
        {R"({"bytes":"text"})", "field 'bytes' holds text, not bytes"},
        {R"({"either":{"data":1}})", "field 'either' lacks 'index'"},
        {R"({"pointer":{}})", "field 'pointer' lacks 'ptr_wrapper'"},
        {R"([])", "the document holds an array, not an object"},
        {R"("a")", "the document holds text, not an object"},
        {R"({"pointer":{"ptr_wrapper":{"valid":1,"data":"line\nbreak"}}})",
         "'pointer.ptr_wrapper.data' holds text"},
    };
    for (const auto& each : cases) {
        expect_error(errc::wrong_type, each.message, [&] { static_cast<void>(from_json<outer>(each.json)); });
    }
}

TEST(versions, one_document_is_one_value) {
    std::string document;
    document_output_archive archive(document);
    archive(1);
    expect_error(errc::invalid_argument, "one value", [&] { archive(2); });
    document_input_archive reader(std::string_view("\1\2"));
    int value = 0;
    reader(value);
    expect_error(errc::corrupt, "something follows its end (at byte 1)", [&] { reader.finish(); });
    expect_error(errc::wrong_type, "one value only", [&] { reader(value); });
}

TEST(versions, what_is_not_finished_leaves_no_trace) {
    std::string document = "before";
    {
        document_output_archive archive(document);
        archive(std::string(1000, 'x'));
    }
    EXPECT_EQ(document, "before");
    write_document(document, 5);
    EXPECT_EQ(document, "before\x05");
}

} // namespace
} // namespace holdfast::test
