// The undo log: beginning, growing, rolling back.
#include "heap/undo_log.hpp"

#include <bit>

#include "base/corrupt.hpp"

namespace holdfast {

namespace {

/// Whether a word at `offset` belongs to the heap's accounts, so that an undo entry may name it.
bool is_account(std::uint64_t offset, std::uint64_t backed_bytes) noexcept {
    if (offset % 8 != 0) {
        return false;
    }
    if (offset >= format::heap_header_offset) {
        if (offset < format::heads_offset) {
            return true;
        }
        if (offset >= format::directory_offset && offset < format::undo_log_offset) {
            return true;
        }
    }
    return offset >= format::heap_offset && offset < backed_bytes && backed_bytes - offset >= 8;
}

} // namespace

void undo_log::begin(txn_id id) noexcept {
    in_order(
        "undo.reset_first", "undo.begin.reset", [&] { store_word(log_->tail, format::counted_word(0)); },
        [&] { store_word(log_->txn, format::checked_word(id, format::undo_word_tag).raw()); });
    failpoint("undo.begin.done");
    tag_ = format::undo_tag(raw(id));
    sums_ = {};
    cursor_ = log_->first.data();
    limit_ = cursor_ + log_->first.size();
    after_ = 0;
    filling_ = 0;
    chunks_ = 1;
}

void undo_log::advance() noexcept {
    if (filling_ + 1 == chunks_) {
        return; // full: the next `set` fails its assertion, an operation checks `spare` first
    }
    ++filling_;
    cursor_ = reinterpret_cast<format::undo_entry*>(base_ + chunk(filling_).offset());
    limit_ = cursor_ + capacity_of(filling_);
    after_ -= capacity_of(filling_);
}

void undo_log::add_chunk(ref place) {
    HOLDFAST_ASSERT(!is_at_limit());
    store_word(log_->chunks[chunks_], place.units());
    after_ += capacity_of(chunks_);
    ++chunks_;
    if (cursor_ == limit_) {
        advance();
    }
}

const format::undo_entry& undo_log::entry(std::uint64_t index, std::uint64_t backed_bytes) const {
    // Chunk k begins at entry first_capacity * (2^k - 1).
    const std::uint64_t scaled = index / format::undo_log::first_capacity + 1;
    const auto chunk_index = static_cast<std::size_t>(std::bit_width(scaled) - 1);
    const std::uint64_t within =
        index - format::undo_log::first_capacity * ((std::uint64_t{1} << chunk_index) - 1);
    if (chunk_index == 0) {
        return log_->first[within];
    }
    const ref place =
        ref::from_units(chunk_index < format::undo_log::chunks_max ? log_->chunks[chunk_index] : 0);
    const std::uint64_t bytes = capacity_of(chunk_index) * sizeof(format::undo_entry);
    if (place.units() > ref::units_max || place.offset() < format::heap_offset ||
        place.offset() >= backed_bytes || backed_bytes - place.offset() < bytes) {
        throw_corrupt("the undo log leads out of the store", place);
    }
    return reinterpret_cast<const format::undo_entry*>(base_ + place.offset())[within];
}

void undo_log::verify(std::uint64_t backed_bytes) const {
    const std::uint64_t tail = entries();
    if (tail > backed_bytes / sizeof(format::undo_entry)) {
        throw_corrupt("the undo log is longer than the store", ref{});
    }
    for (std::uint64_t index = 0; index < tail; ++index) {
        static_cast<void>(account_of(entry(index, backed_bytes), backed_bytes));
    }
}

/// The offset of the word that an entry names; throws corrupt if it is not of this transaction, or names no account.
std::uint64_t undo_log::account_of(const format::undo_entry& entry, std::uint64_t backed_bytes) const {
    const std::uint64_t tag = format::undo_tag(raw(last_begun()));
    const std::uint64_t offset = entry.tagged ^ tag; // without the tag, if it is the right one
    if (!is_account(offset, backed_bytes)) {
        throw_corrupt("the undo log names a place outside the heap's accounts", ref{});
    }
    return offset;
}

void undo_log::roll_back(std::uint64_t backed_bytes) {
    if (!is_sound()) {
        throw_corrupt("the undo log's header is damaged", ref::from_offset(format::undo_log_offset));
    }
    verify(backed_bytes);
    // A forged log could rewrite its own later entries while they are read: each is checked again at use.
    for (std::uint64_t index = entries(); index-- > 0;) {
        const format::undo_entry undo = entry(index, backed_bytes);
        const std::uint64_t offset = account_of(undo, backed_bytes);
        store_word(*reinterpret_cast<std::uint64_t*>(base_ + offset), undo.old);
        failpoint("undo.step");
    }
    failpoint("undo.before_empty");
    store_word(log_->tail, format::counted_word(0));
    failpoint("undo.done");
}

} // namespace holdfast
