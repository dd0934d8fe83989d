// Strong types for what must not be mixed: transaction ids, references into the file, block numbers.
//
// Thread and process safety: plain values.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace holdfast {

/// The number of a transaction; also the version of what it made. Rises only, is never reused; 0 is "none".
enum class txn_id : std::uint64_t { none = 0 };

[[nodiscard]] constexpr std::uint64_t raw(txn_id id) noexcept { return static_cast<std::uint64_t>(id); }
[[nodiscard]] constexpr txn_id next(txn_id id) noexcept { return txn_id{raw(id) + 1}; }

/// The number of a map; stays with it and is never reused. 0 is "none".
enum class map_id : std::uint32_t { none = 0 };

[[nodiscard]] constexpr std::uint32_t raw(map_id id) noexcept { return static_cast<std::uint32_t>(id); }

/// A place in the file, in units of 16 bytes from its beginning; 48 bits, so it reaches 4 PiB. 0 is null.
class ref {
public:
    static constexpr std::uint64_t unit_bytes = 16;
    static constexpr std::uint64_t units_max = (std::uint64_t{1} << 48) - 1;

    constexpr ref() noexcept = default;
    [[nodiscard]] static constexpr ref from_units(std::uint64_t units) noexcept { return ref{units}; }
    [[nodiscard]] static constexpr ref from_offset(std::uint64_t offset_bytes) noexcept {
        return ref{offset_bytes / unit_bytes};
    }

    [[nodiscard]] constexpr std::uint64_t units() const noexcept { return units_; }
    [[nodiscard]] constexpr std::uint64_t offset() const noexcept { return units_ * unit_bytes; }
    [[nodiscard]] constexpr explicit operator bool() const noexcept { return units_ != 0; }
    friend constexpr auto operator<=>(ref, ref) noexcept = default;

private:
    constexpr explicit ref(std::uint64_t units) noexcept : units_(units) {}
    std::uint64_t units_ = 0;
};

/// The number of a 16 KiB block, counted from the beginning of the file; 0 is "none" (it is never a heap block).
enum class block_index : std::uint32_t { none = 0 };

[[nodiscard]] constexpr std::uint32_t raw(block_index block) noexcept {
    return static_cast<std::uint32_t>(block);
}

} // namespace holdfast
