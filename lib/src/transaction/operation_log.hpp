// What a transaction does, as the redo log will say it.
//
// Thread and process safety: belongs to the running transaction, under the writer lock. Its memory is kept for the next
// one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "format/commit.hpp"
#include "format/log.hpp"

namespace holdfast {

class operation_log {
public:
    /// A transaction begins. `limit` bytes are what it may enter; 0: it need not say what it does.
    void begin(std::uint64_t limit) noexcept {
        bytes_.clear();
        limit_ = limit;
        maps_ = 0;
        overflowed_ = false;
    }
    /// Whether what is done has to be entered.
    [[nodiscard]] bool wants_more() const noexcept { return limit_ != 0 && !overflowed_; }
    /// Whether it was too much, so that nothing of it is here.
    [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }
    [[nodiscard]] std::span<const std::byte> operations() const noexcept { return bytes_; }

    /// The number by which operations name a map from now on. The unnamed map is 0 without being declared.
    [[nodiscard]] std::uint32_t declare(std::string_view name, const format::map_root& map);
    void put(std::uint32_t map, std::string_view key, std::uint8_t value_type, bool aligned,
             std::string_view value);
    /// Any other operation; see log_action.
    void add(format::log_action action, std::uint32_t map, std::string_view key = {},
             std::string_view other = {});

private:
    void add(const format::log_operation& what, std::string_view key, std::string_view value);
    void overflow() noexcept {
        overflowed_ = true;
        bytes_.clear();
    }

    std::vector<std::byte> bytes_;
    std::uint64_t limit_ = 0;
    std::uint32_t maps_ = 0;
    bool overflowed_ = false;
};

} // namespace holdfast
