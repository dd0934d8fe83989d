// The members of one line of JSON, as `import` and `apply` read them: found in one pass, each still as it is written.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <holdfast/value.hpp>

#include "json_text.hpp"

namespace holdfast::cli {

enum class field : std::uint8_t {
    key,
    key_base64,
    value,
    type,
    map,
    map_base64,
    key_type,
    document_type,
    cbor_base64,
    op,
    by,
    old_value,
    new_value,
    bits,
    count
};

/// "key", "old", …
[[nodiscard]] std::string_view name_of(field which) noexcept;

class line_fields {
public:
    /// Throws invalid_argument for what is no object, and for members that are unknown or given twice. "size" and
    /// "version", which `list --json` prints, and what it says of raw types, are passed over.
    explicit line_fields(std::string_view line);

    [[nodiscard]] bool has(field which) const noexcept { return !(*this)[which].empty(); }
    /// Empty if it is not there.
    [[nodiscard]] std::string_view operator[](field which) const noexcept {
        return values_[static_cast<std::size_t>(which)];
    }
    /// The same, but wrong usage if it is not there.
    [[nodiscard]] std::string_view required(field which) const;
    /// Calls use(json) with a required member; malformed JSON in it is named by its byte in the line.
    template <class Use>
    decltype(auto) read(field which, Use&& use) const {
        const std::string_view json = required(which);
        return counting_from(static_cast<std::size_t>(json.data() - line_.data()), [&] { return use(json); });
    }
    /// The text of a string that is there.
    [[nodiscard]] std::string text(field which) const;
    /// The map that is named; nullopt if none is.
    [[nodiscard]] std::optional<std::string> map() const;
    /// What "type" says; nullopt if it is not there.
    [[nodiscard]] std::optional<value_type> type() const;

private:
    std::string_view line_;
    std::array<std::string_view, static_cast<std::size_t>(field::count)> values_{};
};

} // namespace holdfast::cli
