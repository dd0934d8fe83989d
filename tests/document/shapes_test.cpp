// What each shape of cereal's becomes, as docs/format.md tabulates it, and that it comes back the same.
#include <cereal/types/atomic.hpp>
#include <cereal/types/bitset.hpp>
#include <cereal/types/boost_variant.hpp>
#include <cereal/types/chrono.hpp>
#include <cereal/types/complex.hpp>
#include <cereal/types/deque.hpp>
#include <cereal/types/forward_list.hpp>
#include <cereal/types/functional.hpp>
#include <cereal/types/list.hpp>
#include <cereal/types/memory.hpp>
#include <cereal/types/queue.hpp>
#include <cereal/types/set.hpp>
#include <cereal/types/stack.hpp>
#include <cereal/types/tuple.hpp>
#include <cereal/types/unordered_set.hpp>
#include <cereal/types/valarray.hpp>
#include <cereal/types/variant.hpp>

#include <boost/variant.hpp>

#include <cmath>
#include <limits>

#include "support.hpp"

namespace holdfast::test {
namespace {

/// Expects a value to become this JSON, and to come back so that it becomes the same document. Gives what came back.
template <class T>
T expect_shape(const T& value, const std::string& json) {
    const std::string document = to_document(value);
    verify_document(document);
    EXPECT_EQ(document_to_json(document), json);
    T read{};
    from_document(document, read);
    EXPECT_EQ(to_hex(to_document(read)), to_hex(document));
    // By way of the shell, too.
    T typed{};
    from_document(document_from_json(json), typed);
    EXPECT_EQ(to_hex(to_document(typed)), to_hex(document));
    return read;
}

template <class T>
void expect_value(const T& value, const std::string& json) {
    EXPECT_TRUE(expect_shape(value, json) == value) << json;
}

template <class T>
void expect_limits() {
    using limits = std::numeric_limits<T>;
    expect_value(limits::min(), std::to_string(limits::min()));
    expect_value(limits::max(), std::to_string(limits::max()));
    expect_value(T{7}, "7");
}

TEST(shapes, integers) {
    expect_limits<char>();
    expect_limits<signed char>();
    expect_limits<unsigned char>();
    expect_limits<short>();
    expect_limits<unsigned short>();
    expect_limits<int>();
    expect_limits<unsigned>();
    expect_limits<long>();
    expect_limits<unsigned long>();
    expect_limits<long long>();
    expect_limits<unsigned long long>();
    expect_value(L'x', "120");
    expect_value(u'x', "120");
    expect_value(U'x', "120");
    expect_value(u8'x', "120");
    expect_value(true, "true");
}

TEST(shapes, floats) {
    expect_value(1.0, "1.0");
    expect_value(0.1, "0.1");
    expect_value(0.1F, "0.10000000149011612");
    expect_value(-0.0, "-0.0");
    expect_value(std::numeric_limits<double>::denorm_min(), "5e-324");
    expect_value(std::numeric_limits<double>::infinity(), R"({"$float":"Infinity"})");
    expect_value(-std::numeric_limits<float>::infinity(), R"({"$float":"-Infinity"})");
    EXPECT_TRUE(std::isnan(expect_shape(std::numeric_limits<double>::quiet_NaN(), R"({"$float":"NaN"})")));
    EXPECT_TRUE(std::isnan(expect_shape(std::numeric_limits<float>::quiet_NaN(), R"({"$float":"NaN"})")));
    EXPECT_EQ(to_hex(to_document(1.5)), "fa3fc00000");
    EXPECT_EQ(to_hex(to_document(0.1)), "fb3fb999999999999a");
}

TEST(shapes, long_doubles_are_texts_that_keep_each_bit) {
    for (const long double value : {0.1L, 1.0L, -3.5e4000L, std::numeric_limits<long double>::denorm_min(),
                                    std::numeric_limits<long double>::infinity()}) {
        EXPECT_EQ(from_document<long double>(to_document(value)), value);
    }
    EXPECT_TRUE(
        std::isnan(from_document<long double>(to_document(std::numeric_limits<long double>::quiet_NaN()))));
    EXPECT_EQ(json_of(1.0L)[0], '"');
    EXPECT_EQ(from_json<long double>("18446744073709551615"), 18446744073709551615.0L);
    EXPECT_EQ(from_json<long double>("-3"), -3.0L);
    EXPECT_EQ(from_json<long double>("2.5"), 2.5L);
    expect_error(errc::wrong_type, "holds text, not a number",
                 [] { static_cast<void>(from_json<long double>("\"1.0x\"")); });
}

TEST(shapes, texts) {
    expect_value(std::string("caf\xC3\xA9"), "\"caf\xC3\xA9\"");
    expect_value(std::string("a\0b", 3), R"("a\u0000b")");
    expect_value(std::string("caf\xE9"), R"({"$bytes":"Y2Fm6Q=="})");
    expect_value(std::string(300, 'x'), '"' + std::string(300, 'x') + '"');
    expect_value(std::u16string(u"ab"), "[97,98]");
    expect_value(std::u32string(U"ab"), "[97,98]");
    expect_value(std::wstring(L"ab"), "[97,98]");
    expect_value(std::u8string(u8"ab"), "[97,98]");
    // In pieces, as other programs may write it.
    EXPECT_EQ(from_document<std::string>(from_hex("7f657374726561646d696e67ff")), "streaming");
}

TEST(shapes, bytes) {
    const std::vector<std::byte> bytes{std::byte{0}, std::byte{255}};
    expect_value(bytes, R"({"$bytes":"AP8="})");
    expect_value(std::vector<std::uint8_t>{0, 255}, R"({"$bytes":"AP8="})");
    expect_value(std::array<std::byte, 2>{std::byte{0}, std::byte{255}}, R"({"$bytes":"AP8="})");
    expect_value(std::array<std::uint8_t, 2>{0, 255}, R"({"$bytes":"AP8="})");
    expect_value(std::array<std::uint8_t, 0>{}, R"({"$bytes":""})");
    // Typed by hand they may be numbers.
    EXPECT_EQ(from_json<std::vector<std::byte>>("[0,255]"), bytes);
    EXPECT_EQ((from_json<std::array<std::uint8_t, 2>>("[0,255]")), (std::array<std::uint8_t, 2>{0, 255}));
    EXPECT_EQ(from_document<std::vector<std::byte>>(from_hex("5f410041ffff")), bytes);
}

TEST(shapes, sequences) {
    expect_value(std::vector<int>{1, -2}, "[1,-2]");
    expect_value(std::vector<int>(1000, 7).size(), "1000");
    expect_value(std::vector<bool>{true, false}, "[true,false]");
    expect_value(std::vector<char>{'a'}, "[97]");
    expect_value(std::vector<std::vector<std::string>>{{"a"}, {}}, R"([["a"],[]])");
    expect_value(std::deque<int>{1}, "[1]");
    expect_value(std::list<int>{1, 2}, "[1,2]");
    expect_value(std::forward_list<int>{1, 2}, "[1,2]");
    expect_value(std::array<int, 3>{1, 2, 3}, "[1,2,3]");
    expect_value(std::array<int, 0>{}, "[]");
    expect_value(std::set<std::string>{"a", "b"}, R"(["a","b"])");
    expect_value(std::multiset<int>{1, 1}, "[1,1]");
    expect_value(std::unordered_set<int>{5}, "[5]");
    expect_value(std::unordered_multiset<int>{5, 5}, "[5,5]");
    const auto values = expect_shape(std::valarray<double>{0.5, 1.5}, "[0.5,1.5]");
    EXPECT_EQ(values[1], 1.5);
}

struct arrays {
    int line[3] = {};
    short grid[2][2] = {};
    std::uint8_t small[2] = {};

    template <class Archive>
    void serialize(Archive& archive) {
        archive(CEREAL_NVP(line), CEREAL_NVP(grid), CEREAL_NVP(small));
    }
};

TEST(shapes, arrays_of_c) {
    arrays value;
    value.line[2] = 5;
    value.grid[1][0] = -1;
    value.small[0] = 200;
    const arrays read = expect_shape(value, R"({"line":[0,0,5],"grid":[[0,0],[-1,0]],"small":[200,0]})");
    EXPECT_EQ(read.grid[1][0], -1);
}

TEST(shapes, maps) {
    expect_value(std::map<std::string, int>{{"a", 1}, {"b", 2}}, R"({"a":1,"b":2})");
    expect_value(std::unordered_map<std::string, int>{{"a", 1}}, R"({"a":1})");
    expect_value(std::map<std::string, std::map<std::string, int>>{{"", {}}}, R"({"":{}})");
    expect_value(std::map<int, bool>{{1, true}}, R"([{"key":1,"value":true}])");
    expect_value(std::unordered_map<int, bool>{{1, true}}, R"([{"key":1,"value":true}])");
    expect_value(std::multimap<std::string, int>{{"a", 1}, {"a", 2}},
                 R"([{"key":"a","value":1},{"key":"a","value":2}])");
    expect_value(std::unordered_multimap<int, int>{{1, 2}}, R"([{"key":1,"value":2}])");
    // A key that is not UTF-8 can be none of an object's.
    expect_value(std::map<std::string, int>{{"a", 1}, {"\xFF", 2}},
                 R"([{"key":"a","value":1},{"key":{"$bytes":"/w=="},"value":2}])");
    EXPECT_EQ((from_document<std::map<std::string, int>>(from_hex("a141ff01")).at("\xFF")), 1);
    expect_value(std::map<std::string, int>{{"$bytes", 1}}, R"({"$$bytes":1})");
}

TEST(shapes, optionals) {
    using twice = std::optional<std::optional<int>>;
    expect_value(std::optional<int>{}, "null");
    expect_value(std::optional<int>{5}, "5");
    expect_value(twice{}, "[]");
    expect_value(twice{std::optional<int>{}}, "[null]");
    expect_value(twice{5}, "[5]");
    expect_value(std::optional<twice>{twice{5}}, "[[5]]");
    expect_value(std::vector<std::optional<std::string>>{"a", std::nullopt}, R"(["a",null])");
    expect_value(nullptr, "null");
    expect_value(std::optional<std::nullptr_t>{nullptr}, "[null]");
    expect_error(errc::wrong_type, "holds 2 elements, not 1",
                 [] { static_cast<void>(from_json<twice>("[1,2]")); });
}

enum class color : std::uint16_t { red, blue = 500 };

TEST(shapes, pairs_and_the_like) {
    expect_value(std::pair<int, std::string>{1, "a"}, R"({"first":1,"second":"a"})");
    expect_value(std::tuple<int, bool>{1, true}, R"({"tuple_element0":1,"tuple_element1":true})");
    expect_value(std::tuple<>{}, "{}");
    using either = std::variant<std::monostate, int, std::string>;
    expect_value(either{}, R"({"index":0,"data":{}})");
    expect_value(either{"a"}, R"({"index":2,"data":"a"})");
    expect_value(boost::variant<int, std::string>{"a"}, R"({"which":1,"data":"a"})");
    expect_value(color::blue, "500");
    expect_value(std::byte{7}, "7");
    expect_value(std::complex<double>{0.5, -1}, R"({"real":0.5,"imag":-1.0})");
    expect_value(std::chrono::milliseconds{5}, R"({"count":5})");
    using time = std::chrono::time_point<std::chrono::system_clock, std::chrono::seconds>;
    expect_value(time{std::chrono::seconds{-5}}, R"({"time_since_epoch":{"count":-5}})");
    expect_value(std::bitset<5>{5}, R"("00101")");
    expect_value(std::bitset<0>{}, R"("")");
    expect_value(std::bitset<200>{}.set(199), '"' + std::string("1") + std::string(199, '0') + '"');
    std::atomic<int> number{5};
    EXPECT_EQ(json_of(number), R"({"atomic_data":5})");
    std::atomic<int> read{0};
    from_document(to_document(number), read);
    EXPECT_EQ(read.load(), 5);
}

TEST(shapes, queues) {
    std::queue<int> queue({1, 2});
    expect_value(queue, R"({"container":[1,2]})");
    std::stack<int> stack(std::deque<int>{1, 2});
    expect_value(stack, R"({"container":[1,2]})");
    std::priority_queue<int> priorities;
    priorities.push(1);
    priorities.push(9);
    EXPECT_EQ(expect_shape(priorities, R"({"comparator":{},"container":[9,1]})").top(), 9);
}

struct node {
    int value = 0;
    std::unique_ptr<node> next;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(CEREAL_NVP(value), CEREAL_NVP(next));
    }
};

TEST(shapes, unique_pointers) {
    node first{1, std::make_unique<node>()};
    const node read = expect_shape<node>(
        {1, std::make_unique<node>()},
        R"({"value":1,"next":{"ptr_wrapper":{"valid":1,"data":{"value":0,"next":{"ptr_wrapper":{"valid":0}}}}}})");
    ASSERT_TRUE(read.next);
    EXPECT_FALSE(read.next->next);
}

TEST(shapes, shared_pointers_share) {
    using pointers = std::vector<std::shared_ptr<std::string>>;
    const auto text = std::make_shared<std::string>("a");
    const pointers read = expect_shape(
        pointers{text, text, nullptr},
        R"([{"ptr_wrapper":{"id":2147483649,"data":"a"}},{"ptr_wrapper":{"id":1}},{"ptr_wrapper":{"id":0}}])");
    EXPECT_EQ(read[0], read[1]);
    EXPECT_EQ(*read[0], "a");
    EXPECT_EQ(read[2], nullptr);
    std::pair<std::shared_ptr<int>, std::weak_ptr<int>> watched;
    watched.first = std::make_shared<int>(5);
    watched.second = watched.first;
    const auto both =
        from_document<std::pair<std::shared_ptr<int>, std::weak_ptr<int>>>(to_document(watched));
    EXPECT_EQ(both.second.lock(), both.first);
}

struct bare {
    int a = 0;
    std::string b;
    std::vector<int> c;
    bool operator==(const bare&) const = default;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(a, b);
        archive& c;
    }
};

struct id_number {
    std::uint64_t number = 0;
    bool operator==(const id_number&) const = default;
    auto operator<=>(const id_number&) const = default;

    template <class Archive>
    std::string save_minimal(const Archive&) const {
        return "#" + std::to_string(number);
    }
    template <class Archive>
    void load_minimal(const Archive&, const std::string& text) {
        number = std::stoull(text.substr(1));
    }
};

struct blob {
    std::vector<double> numbers;

    template <class Archive>
    void save(Archive& archive) const {
        archive(CEREAL_NVP_("count", numbers.size()),
                CEREAL_NVP_("data", cereal::binary_data(numbers.data(), numbers.size() * sizeof(double))));
    }
    template <class Archive>
    void load(Archive& archive) {
        std::size_t count = 0;
        archive(CEREAL_NVP_("count", count));
        numbers.resize(std::min<std::size_t>(count, 100));
        archive(CEREAL_NVP_("data", cereal::binary_data(numbers.data(), numbers.size() * sizeof(double))));
    }
};

struct own_container {
    std::vector<int> values;
    bool operator==(const own_container&) const = default;

    template <class Archive>
    void save(Archive& archive) const {
        archive(cereal::make_size_tag(static_cast<cereal::size_type>(values.size())));
        for (const int each : values) {
            archive(cereal::make_nvp("item", each));
        }
    }
    template <class Archive>
    void load(Archive& archive) {
        cereal::size_type size = 0;
        archive(cereal::make_size_tag(size));
        values.resize(size);
        for (int& each : values) {
            archive(cereal::make_nvp("item", each));
        }
    }
};

struct postponed {
    std::string first;
    int second = 0;
    bool operator==(const postponed&) const = default;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(cereal::defer(CEREAL_NVP(first)), cereal::defer(second));
        archive.serializeDeferments();
    }
};

struct empty {
    bool operator==(const empty&) const = default;
};

TEST(shapes, classes) {
    expect_value(bare{1, "x", {2}}, R"({"value0":1,"value1":"x","value2":[2]})");
    expect_value(id_number{5}, R"("#5")");
    expect_value(std::map<id_number, id_number>{{id_number{1}, id_number{2}}},
                 R"([{"key":"#1","value":"#2"}])");
    expect_value(own_container{{1, 2}}, "[1,2]");
    expect_value(postponed{"a", 5}, R"({"first":"a","value0":5})");
    expect_value(empty{}, "{}");
    blob numbers{{0.5}};
    EXPECT_EQ(expect_shape(numbers, R"({"count":1,"data":{"$bytes":"AAAAAAAA4D8="}})").numbers,
              numbers.numbers);
}

TEST(shapes, many_fields) {
    // More than a head of one byte can count; the names are counted up.
    std::vector<int> values(300);
    std::string document;
    struct many {
        std::vector<int>* values;
        void serialize(document_output_archive& archive) {
            for (const int each : *values) {
                archive(each);
            }
        }
        void serialize(document_input_archive& archive) {
            for (int& each : *values) {
                archive(each);
            }
        }
    };
    for (int i = 0; i < 300; ++i) {
        values[static_cast<std::size_t>(i)] = i * i;
    }
    document = to_document(many{&values});
    EXPECT_EQ(to_hex(document).substr(0, 6), "b9012c");
    std::vector<int> read(300);
    many reader{&read};
    from_document(document, reader);
    EXPECT_EQ(read, values);
}

} // namespace
} // namespace holdfast::test
