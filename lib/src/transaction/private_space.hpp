// Changing the trees of a store that may only be read, in memory of this process's own.
//
// The file is mapped once more, up to the end of the commit that is built on, and the private memory lies right behind
// that. So references of the new nodes lead beyond the end of the commit, everything that can be reached is one
// stretch as in any other space, and no byte of the file changes. Where the file grows later, it grows in the store's
// own mapping, behind which nothing is put: the two have nothing in common but the bytes of the commit, which its pin
// keeps.
//
// What the transactions of one space leave is read when all are done: an object that one of them replaces is used
// again by the next ones. Nothing is accounted for; it vanishes as a whole.
//
// Thread safety: one thread changes it; then any number may read. It must outlive what is read of it. In a child of
// fork() it is not there.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "os/mapping.hpp"
#include "segment/segment.hpp"
#include "tree/space.hpp"

namespace holdfast {

class private_space final : public space {
public:
    /// Behind a commit that ends at `end_bytes` and is pinned, or that nobody reclaims. `bytes` of addresses are
    /// reserved; memory is taken as it is used. Throws address_space, io_error; corrupt if the file ends before the
    /// commit does.
    private_space(const segment& file, std::uint64_t end_bytes, std::uint64_t bytes);

    /// The following changes are of the transaction `running`, whose number is above that of all before. What the
    /// transaction before it replaced is used again.
    void begin(txn_id running);

    /// Throws no_space where the reserved addresses are used up.
    [[nodiscard]] ref allocate(std::uint64_t size) override;
    /// An object of the file stays as it is.
    void release(ref place, std::uint64_t size, txn_id made) override;
    [[nodiscard]] space_view view() const noexcept override { return {base_, format::heap_offset, end_}; }

private:
    void make_free(ref place, std::uint64_t size);

    os::mapping mapping_;
    std::uint64_t begin_ = 0; ///< of the private memory
    std::uint64_t end_ = 0;   ///< of what was given
    std::uint64_t limit_ = 0;
    std::map<std::uint64_t, std::vector<ref>> free_; ///< by size, rounded
    std::vector<std::pair<ref, std::uint64_t>> replaced_;
};

} // namespace holdfast
