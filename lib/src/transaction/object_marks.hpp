// A set of places in the file, a bit for each 16 bytes: what a check has found so far.
//
// Thread safety: belongs to one check.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/types.hpp"
#include "format/geometry.hpp"

namespace holdfast {

class object_marks {
public:
    explicit object_marks(std::uint64_t end_bytes)
        : units_(end_bytes > format::heap_offset ? (end_bytes - format::heap_offset) / ref::unit_bytes : 0),
          words_(units_ / 64 + 1) {}

    [[nodiscard]] bool covers(ref place) const noexcept {
        return place.offset() >= format::heap_offset && unit(place) < units_;
    }
    /// False if it was marked already. The place must be covered.
    bool mark(ref place) noexcept {
        std::uint64_t& word = words_[unit(place) / 64];
        const std::uint64_t bit = std::uint64_t{1} << unit(place) % 64;
        if ((word & bit) != 0) {
            return false;
        }
        word |= bit;
        ++count_;
        return true;
    }
    [[nodiscard]] bool marked(ref place) const noexcept {
        return (words_[unit(place) / 64] >> unit(place) % 64 & 1) != 0;
    }
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

private:
    [[nodiscard]] static std::uint64_t unit(ref place) noexcept {
        return (place.offset() - format::heap_offset) / ref::unit_bytes;
    }
    std::uint64_t units_;
    std::vector<std::uint64_t> words_;
    std::uint64_t count_ = 0;
};

} // namespace holdfast
