// A value_view that knows its record, so that it can be verified.
#pragma once

#include <string_view>

#include <holdfast/value.hpp>

#include "tree/record.hpp"

namespace holdfast::detail {

struct stored_value {
    [[nodiscard]] static value_view view(const record_view& record) noexcept {
        value_view made(record.type, record.value, raw(record.made));
        made.record_offset_ = record.value_offset;
        return made;
    }
    /// The record of a view that has one, up to the end of the value. Nothing in it is believed.
    [[nodiscard]] static std::string_view record_of(const value_view& of) noexcept {
        return {of.data_.data() - of.record_offset_, of.record_offset_ + of.data_.size()};
    }
    [[nodiscard]] static bool is_in_a_file(const value_view& of) noexcept { return of.record_offset_ != 0; }
};

/// Makes the public view types from the tree's.
[[nodiscard]] inline value_view to_view(const record_view& record) noexcept {
    return stored_value::view(record);
}

/// A copy, verified; `map` is named beside the key if it is damaged.
[[nodiscard]] value copy_of(const record_view& record, std::string_view map);

} // namespace holdfast::detail
