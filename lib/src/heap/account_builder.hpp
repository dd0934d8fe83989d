// Lays the heap's accounts out anew: from the objects that have to be there, and from nothing else.
//
// What the accounts of the file say is believed in one thing only: which class of objects a block holds, where the
// caller knows that it held one of a commit that is on the medium, because then that can't have changed since.
//
// Nothing is written before `write`, and that writes to no object: cut or killed, it is begun again.
// Thread and process safety: alone, under the gate.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/types.hpp"
#include "format/heap.hpp"
#include "heap/backing.hpp"

namespace holdfast {

class account_builder {
public:
    /// The heap will end at `end_bytes` or, where its own tables find no room, beyond.
    account_builder(backing& memory, std::uint64_t end_bytes);

    /// An object of which `bytes` were allocated. Returns what it takes. Throws corrupt if it can't be there beside
    /// those that were added before.
    std::uint64_t add(ref place, std::uint64_t bytes);
    /// The same for an object whose size the present descriptor of its block tells; nullopt: that can't be, and
    /// nothing was added.
    std::optional<std::uint64_t> add_as_described(ref place);

    /// The redo log. Throws corrupt if it can't be there.
    void add_log(std::uint32_t first, std::uint32_t length) {
        add_run(first, length, format::block_owner::redo);
    }

    /// Makes these the accounts: nothing is retired, nothing reserved, all else is free. Throws no_space, io_error.
    void write();

private:
    using descriptor = format::block_descriptor;

    [[nodiscard]] std::uint32_t end() const noexcept {
        return format::heap_first_block + static_cast<std::uint32_t>(blocks_.size());
    }
    [[nodiscard]] descriptor& at(std::uint32_t block) noexcept {
        return blocks_[block - format::heap_first_block];
    }
    [[nodiscard]] bool is_unused(std::uint32_t first, std::uint32_t length) noexcept;
    void occupy(std::uint32_t first, std::uint32_t length, const descriptor& what) noexcept;
    [[nodiscard]] std::uint64_t add_to_slab(ref place, std::uint8_t size_class);
    [[nodiscard]] std::uint64_t add_run(ref place, std::uint32_t length);
    void add_run(std::uint64_t first, std::uint32_t length, format::block_owner owner);

    [[nodiscard]] std::optional<descriptor> present_descriptor(std::uint32_t block) const noexcept;
    [[nodiscard]] std::uint64_t present_table(std::uint32_t table) const noexcept;
    void place_tables();
    void place_table(std::uint32_t table);
    [[nodiscard]] std::uint32_t take_unused(std::uint32_t length);
    void link_free_runs();
    void link_free_run(std::uint32_t first, std::uint32_t length);
    void link_slabs();
    void push_front(std::uint32_t& head, std::uint32_t block) noexcept;
    void write_tables();

    backing* memory_;
    std::vector<descriptor> blocks_;                       ///< from heap_first_block on
    std::vector<std::uint32_t> leaves_;                    ///< block of each leaf of the directory; 0: none
    std::vector<std::uint32_t> tables_;                    ///< first block of each table; 0: none
    std::uint32_t unused_from_ = format::heap_first_block; ///< before it nothing is unused
    format::heap_header header_{};
};

} // namespace holdfast
