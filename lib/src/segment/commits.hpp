// The commits of a mapped store: its heads, and the ring of their slots. Nobody else reads or writes them.
//
//   visible   what readers see
//   applied   what the next writer builds on
//
//   durable   the newest on the medium
//   candidate the one that a sync point is carrying there
//
// The first two are one commit, and storing `visible` is what commits, except while commits wait for the medium before
// readers may see them: then `applied` is ahead, and storing it is what commits. So the word of `applied` counts only
// where it is above that of `visible`.
//
// Thread and process safety: reading, from anywhere and beside a writer; publishing, under the writer lock or alone;
// showing, from anywhere; the durable heads, under the sync lock or alone.
// Invariant: the slot of a head is not written while it is `visible` or `applied`, or lies between them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/types.hpp"
#include "format/checked_word.hpp"
#include "format/commit.hpp"
#include "segment/words.hpp"

namespace holdfast {

using commit_head = format::checked_word;

class commits final {
public:
    explicit commits(std::byte* base) noexcept
        : heads_(reinterpret_cast<format::heads*>(base + format::heads_offset)),
          slots_(reinterpret_cast<format::commit_slot*>(base + format::commit_slots_offset)) {}

    [[nodiscard]] commit_head visible() const noexcept {
        return commit_head(load_shared(heads_->visible.word));
    }
    [[nodiscard]] commit_head applied() const noexcept {
        const commit_head ahead(load_shared(heads_->applied.word));
        const commit_head seen = visible();
        return ahead.number() > seen.number() ? ahead : seen;
    }

    /// The newest commit known to be on the medium, and the one that a sync point is carrying there: numbers only,
    /// their slots may be others' by now. Both count as pins. Throw corrupt.
    [[nodiscard]] txn_id durable() const { return number_in(heads_->durable); }
    [[nodiscard]] txn_id candidate() const { return number_in(heads_->candidate); }
    /// Under the sync lock, or alone.
    void set_durable(txn_id number) noexcept { store_number(heads_->durable, number); }
    void set_candidate(txn_id number) noexcept { store_number(heads_->candidate, number); }

    /// Copies the slot that `head` names; what is beyond its used bytes is left as it was. False if the head is
    /// damaged, or the slot holds another commit. Beside a writer the copy may be torn, unless `head` is still what
    /// it was when the copy is done.
    [[nodiscard]] bool copy(commit_head head, format::commit_slot& to) const noexcept;
    /// The same, and judges the slot: its checksum, and that the one names the other.
    [[nodiscard]] bool copy_sound(commit_head head, format::commit_slot& to) const noexcept;
    /// The commit that readers see, sound. Beside writers it looks again while the head moves; false: it is damaged.
    [[nodiscard]] bool copy_newest(format::commit_slot& to) const noexcept;

    /// The slot at a place of the ring; false if what is there is not whole. Alone, or beside whoever is.
    [[nodiscard]] bool copy_place(std::uint64_t place, format::commit_slot& to) const noexcept;
    /// What is at the place of the commit with that sequence is no commit any more. Returns its offset in the file.
    std::uint64_t spoil_place(std::uint64_t sequence) noexcept;
    /// Makes a commit the newest that was found to be whole, whatever the heads said. Alone.
    void restart(const format::commit_slot& found) noexcept;

    /// Whether the newest commit waits for the medium before readers see it.
    [[nodiscard]] bool has_hidden() const noexcept { return applied() != visible(); }
    /// How many such commits there are. The ring has to have room for them.
    [[nodiscard]] std::uint64_t hidden() const noexcept;

    /// Makes `next` the newest commit: fills in its sequence and checksum. `next.txn` is above that of `applied`, which
    /// readers see.
    void publish(format::commit_slot& next) noexcept;
    /// The same, but readers do not see it before it is shown, with all before it.
    void publish_hidden(format::commit_slot& next) noexcept;
    /// Lets readers see a commit that was applied, unless they see a later one.
    void show(commit_head head) noexcept;
    /// The first commit of a new store.
    void format(format::commit_slot& first) noexcept;

private:
    [[nodiscard]] static txn_id number_in(format::head_line& head);
    static void store_number(format::head_line& head, txn_id number) noexcept {
        store_shared(head.word, number == txn_id::none ? 0 : format::checked_word(number, 0).raw());
    }
    void number(format::commit_slot& next) const noexcept;
    void publish_at(format::head_line& line, const format::commit_slot& next) noexcept;
    [[nodiscard]] format::commit_slot& slot_of(commit_head head) const noexcept {
        return slots_[head.tag() % format::commit_slots];
    }

    format::heads* heads_;
    format::commit_slot* slots_;
};

} // namespace holdfast
