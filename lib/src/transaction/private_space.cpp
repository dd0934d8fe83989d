// Private memory behind a commit.
#include "transaction/private_space.hpp"

#include <limits>
#include <string>

#include <holdfast/error.hpp>

namespace holdfast {

namespace {

/// Objects of one rounded size are used for each other.
[[nodiscard]] std::uint64_t rounded(std::uint64_t size) noexcept {
    return (size + (ref::unit_bytes - 1)) / ref::unit_bytes * ref::unit_bytes;
}

/// As `space::allocate` promises, for whatever is rounded to that size.
[[nodiscard]] std::uint64_t alignment_of(std::uint64_t rounded_size) noexcept {
    switch (rounded_size) {
    case 1024:
        return 1024;
    case 768:
        return 256;
    default:
        return rounded_size % 64 == 0 ? 64 : ref::unit_bytes;
    }
}

} // namespace

private_space::private_space(const segment& file, std::uint64_t end_bytes, std::uint64_t bytes) {
    begin_ = file.map_beside(mapping_, end_bytes, bytes);
    end_ = begin_;
    limit_ = begin_ + bytes;
    base_ = mapping_.base();
}

void private_space::begin(txn_id running) {
    transaction_ = running;
    for (const auto& [place, size] : replaced_) {
        make_free(place, size);
    }
    replaced_.clear();
}

ref private_space::allocate(std::uint64_t size) {
    const std::uint64_t bytes = rounded(size);
    if (const auto free = free_.find(bytes); free != free_.end() && !free->second.empty()) {
        const ref place = free->second.back();
        free->second.pop_back();
        return place;
    }
    const std::uint64_t alignment = alignment_of(bytes);
    const std::uint64_t place = (end_ + (alignment - 1)) / alignment * alignment;
    if (bytes < size || place > limit_ || limit_ - place < bytes) {
        throw error(errc::no_space, "changes of a store that may only be read take more than the " +
                                        std::to_string(limit_ - begin_) +
                                        " bytes of addresses reserved for them");
    }
    end_ = place + bytes;
    return ref::from_offset(place);
}

void private_space::release(ref place, std::uint64_t size, txn_id made) {
    if (place.offset() < begin_) {
        return;
    }
    if (made == transaction_) {
        make_free(place, size);
    } else {
        replaced_.emplace_back(place, size); // whoever replaced it may still read it
    }
}

void private_space::make_free(ref place, std::uint64_t size) { free_[rounded(size)].push_back(place); }

} // namespace holdfast
