// Documents in maps: structs of other versions, of other names, of other programs, and what the shell makes of them.
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <cereal/types/variant.hpp>
#include <gtest/gtest.h>

#include <holdfast/document.hpp>
#include <holdfast/json.hpp>
#include <holdfast/store.hpp>

#include "support/temporary_store.hpp"

namespace holdfast::test {
namespace {

struct user {
    std::string name;
    int age = 0;
    std::optional<std::string> mail;
    std::vector<double> scores;
    bool operator==(const user&) const = default;
    template <class Archive>
    void serialize(Archive& archive) {
        archive(CEREAL_NVP(name), CEREAL_NVP(age), CEREAL_NVP(mail), CEREAL_NVP(scores));
    }
};

/// What a later program makes of it: another order, a field more, one less, a wider number.
struct later_user {
    std::int64_t age = 0;
    std::string language = "en";
    std::string name;
    template <class Archive>
    void serialize(Archive& archive) {
        archive(CEREAL_NVP(age), CEREAL_NVP(language), CEREAL_NVP(name));
    }
};

struct order {
    int number = 0;
    template <class Archive>
    void serialize(Archive& archive) {
        archive(CEREAL_NVP(number));
    }
};

} // namespace
} // namespace holdfast::test

template <>
struct holdfast::type_description<holdfast::test::user> {
    static constexpr std::string_view name = "user";
};
template <>
struct holdfast::type_description<holdfast::test::later_user> {
    static constexpr std::string_view name = "user";
};
template <>
struct holdfast::type_description<holdfast::test::order> {
    static constexpr std::string_view name = "order";
};

namespace holdfast::test {
namespace {

class document_map_test : public ::testing::Test {
protected:
    void TearDown() override { expect_sound(store_); }

    temporary_store place_;
    holdfast::store store_ = place_.open();
};

TEST_F(document_map_test, gives_back_what_was_put) {
    auto users = store_.map<std::string, user>("users");
    const user ada{"Ada", 36, "ada@example.org", {1.5, -2}};
    users.put("ada", ada);
    users.put("alan", {"Alan", 41, {}, {}});
    EXPECT_EQ(users.get("ada"), ada);
    std::vector<std::string> names;
    for (auto&& [key, one] : store_.snapshot().in(users)) {
        names.push_back(std::string(key) + "=" + one.name);
    }
    EXPECT_EQ(names, (std::vector<std::string>{"ada=Ada", "alan=Alan"}));
    const snapshot now = store_.snapshot();
    EXPECT_EQ(now.map("users").get("ada")->type(), value_type::document);
    EXPECT_TRUE(users.modify("ada", [](user& one) { ++one.age; }));
    EXPECT_TRUE(users.compare_exchange("alan", user{"Alan", 41, {}, {}}, ada));
    EXPECT_FALSE(users.compare_exchange("alan", user{"Alan", 41, {}, {}}, ada));
    EXPECT_EQ(users.get("ada")->age, 37);
    store_.put("single", ada);
    EXPECT_EQ(store_.get<user>("single"), ada);
    auto containers = store_.map<int, std::vector<std::variant<int, std::string>>>("containers");
    containers.put(1, {1, "two"});
    EXPECT_EQ(containers.get(1)->at(1), (std::variant<int, std::string>("two")));
}

TEST_F(document_map_test, is_read_by_other_versions_of_a_struct) {
    store_.map<std::string, user>("users").put("ada", {"Ada", 36, {}, {}});
    auto later = store_.map<std::string, later_user>("users");
    EXPECT_EQ(later.get("ada")->age, 36);
    EXPECT_EQ(later.get("ada")->language, "en");
    later.put("grace", {std::int64_t{45}, "fr", "Grace"});
    EXPECT_EQ((store_.map<std::string, user>("users").get("grace")), (user{"Grace", 45, {}, {}}));
    later.put("old", {std::int64_t{1} << 40, "", "Old"});
    try {
        (void)store_.map<std::string, user>("users").get("old");
        ADD_FAILURE() << "2^40 is no int";
    } catch (const error& failure) {
        EXPECT_EQ(failure.reason(), errc::out_of_range);
        EXPECT_NE(std::string_view(failure.what()).find("key 'old'"), std::string_view::npos)
            << failure.what();
        EXPECT_NE(std::string_view(failure.what()).find("age"), std::string_view::npos) << failure.what();
    }
}

TEST_F(document_map_test, of_another_name_or_type_is_refused) {
    store_.map<std::string, user>("users").put("ada", {"Ada", 36, {}, {}});
    expect_failure(errc::wrong_type, [&] { (void)store_.map<std::string, order>("users").get("ada"); });
    expect_failure(errc::wrong_type, [&] { (void)store_.map<std::string, int>("users").get("ada"); });
    store_.put("text", "no document");
    expect_failure(errc::wrong_type, [&] { (void)store_.get<user>("text"); });
    expect_failure(errc::invalid_argument,
                   [&] { store_.put("bad", value_view(value_type::document, "\xA1")); });
    expect_failure(errc::invalid_argument, [&] { store_.put("bad", value_view(value_type::document, "")); });
}

#ifdef HOLDFAST_CLI_PATH
/// What a command prints.
[[nodiscard]] std::string output_of(const std::string& command) {
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
    std::string text;
    for (int byte = 0; (byte = std::fgetc(pipe.get())) != EOF;) {
        text.push_back(static_cast<char>(byte));
    }
    return text;
}

TEST_F(document_map_test, is_shared_with_the_shell) {
    auto users = store_.map<std::string, user>("users");
    users.put("ada", {"Ada", 36, "ada@example.org", {0.5}});
    const std::string program =
        std::string(HOLDFAST_CLI_PATH) + " -s " + place_.path().string() + " -m users ";
    EXPECT_EQ(output_of(program + "get ada"),
              "{\"name\":\"Ada\",\"age\":36,\"mail\":\"ada@example.org\",\"scores\":[0.5]}\n");
    EXPECT_EQ(output_of(program +
                        R"(put -t json grace '{"scores":[1,2.5],"age":45,"name":"Grace","more":{}}' 2>&1)"),
              "");
    EXPECT_EQ(users.get("grace"), (user{"Grace", 45, {}, {1, 2.5}}));
    EXPECT_EQ(output_of(program + "put -t int number 300"), "");
    EXPECT_EQ((store_.map<std::string, std::uint16_t>("users").get("number")), 300);
    auto scores = store_.map<std::int64_t, double>("scores");
    scores.put(-7, 0.25);
    const std::string typed =
        std::string(HOLDFAST_CLI_PATH) + " -s " + place_.path().string() + " -m scores ";
    EXPECT_EQ(output_of(typed + "list -v"), "-7\t0.25\n");
    EXPECT_EQ(output_of(typed + "put -t float -- -8 1.5 2>&1"), "");
    EXPECT_EQ(scores.get(-8), 1.5);
}
#endif

} // namespace
} // namespace holdfast::test
