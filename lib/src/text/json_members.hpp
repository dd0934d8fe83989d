// Taking JSON objects and arrays apart in one pass, without building anything from them. Values inside are passed on as
// they are written; whoever reads strings, arrays and objects checks them. Malformed text is reported as
// json_text.hpp says.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast {

/// The members of one object, first to last. The text must outlive it.
class json_members {
public:
    /// `object` is the whole text, white space around allowed.
    explicit json_members(std::string_view object);

    /// Goes to the next member; false behind the last one, where nothing but white space may follow.
    [[nodiscard]] bool next();
    /// Valid until `next`.
    [[nodiscard]] std::string_view name() const noexcept { return name_; }
    /// The member's value as it is written; never empty.
    [[nodiscard]] std::string_view value() const noexcept { return value_; }

private:
    void skip_space() noexcept;
    [[nodiscard]] bool at(char wanted) const noexcept { return at_ < text_.size() && text_[at_] == wanted; }
    void expect(char wanted);
    [[nodiscard]] bool finish();
    [[nodiscard]] std::string_view take_string();
    [[nodiscard]] std::string_view take_nested();
    [[nodiscard]] std::string_view take_word();
    void take_name();

    std::string_view text_;
    std::size_t at_ = 0;
    std::string_view name_;
    std::string_view value_;
    std::string decoded_name_;
    bool first_ = true;
};

/// How many values an array holds. Throws invalid_argument if it is none.
[[nodiscard]] std::size_t json_array_size(std::string_view array);
/// The value of an object that has this one member; nullopt for anything else. `name` begins with '$'.
[[nodiscard]] std::optional<std::string_view> only_member(std::string_view json, std::string_view name);

} // namespace holdfast
