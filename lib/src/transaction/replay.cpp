// Replaying the redo log after a boot.
#include "transaction/replay.hpp"

#include <algorithm>
#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/corrupt.hpp"
#include "format/log.hpp"
#include "heap/heap.hpp"
#include "os/failpoint.hpp"
#include "segment/redo_log.hpp"
#include "segment/segment.hpp"
#include "transaction/catalogue.hpp"
#include "transaction/engine.hpp"
#include "transaction/retired_objects.hpp"
#include "tree/tree_writer.hpp"

namespace holdfast {

namespace {

using format::log_action;

[[noreturn]] void throw_malformed() { throw_corrupt("a record of the redo log makes no sense", ref{}); }

/// One operation of a record, and those behind it.
struct operation {
    format::log_operation what{};
    std::string_view key;
    std::string_view value;

    [[nodiscard]] static operation next(std::span<const std::byte>& rest) {
        operation found;
        std::memcpy(&found.what, take(rest, sizeof found.what).data(), sizeof found.what);
        found.key = take(rest, found.what.key_bytes);
        found.value = take(rest, found.what.value_bytes);
        return found;
    }

private:
    [[nodiscard]] static std::string_view take(std::span<const std::byte>& rest, std::size_t bytes) {
        if (bytes > rest.size()) {
            throw_malformed();
        }
        const std::string_view taken(reinterpret_cast<const char*>(rest.data()), bytes);
        rest = rest.subspan(bytes);
        return taken;
    }
};

/// The maps that a record names, while its operations are done.
class replayed_maps {
public:
    replayed_maps(space& memory, const format::commit_slot& before)
        : memory_(&memory), catalogue_(memory, before), next_map_id_(before.next_map_id) {
        maps_.emplace_back("", before.unnamed, memory, true);
    }

    void apply(const operation& one);
    void store(format::commit_slot& next);

private:
    struct map {
        map(std::string_view called, const format::map_root& root, space& memory, bool is_known)
            : name(called), before(root), tree(memory, to_tree_root(root)), known(is_known) {}
        std::string name;
        format::map_root before;
        tree_writer tree;
        bool known; ///< in the catalogue
        bool changed = false;
        bool replaced = false; ///< dropped: a later declaration of the name is another map
    };

    void declare(const operation& one);
    [[nodiscard]] bool change(map& target, const operation& one);
    void drop(map& gone);

    space* memory_;
    catalogue_writer catalogue_;
    std::deque<map> maps_; ///< as operations number them
    std::uint64_t next_map_id_;
};

void replayed_maps::declare(const operation& one) {
    format::log_map declared{};
    if (one.value.size() != sizeof declared || one.key.empty()) {
        throw_malformed();
    }
    std::memcpy(&declared, one.value.data(), sizeof declared);
    if (const auto found = catalogue_.now().find(one.key)) {
        if (found->id != declared.id) {
            throw_malformed();
        }
        maps_.emplace_back(one.key, *found, *memory_, true);
        return;
    }
    if (declared.id < format::map_number::first_named) {
        throw_malformed();
    }
    format::map_root fresh{};
    fresh.id = declared.id;
    fresh.key_type = declared.key_type;
    fresh.key_parts = declared.key_parts;
    static_cast<void>(keys_of(fresh)); // throws corrupt
    next_map_id_ = std::max<std::uint64_t>(next_map_id_, std::uint64_t{declared.id} + 1);
    maps_.emplace_back(one.key, fresh, *memory_, false);
}

void replayed_maps::drop(map& gone) {
    gone.tree.clear();
    if (gone.known) {
        catalogue_.erase(gone.name);
    }
    gone.known = false;
    gone.replaced = !gone.name.empty();
}

void replayed_maps::apply(const operation& one) {
    const auto action = log_action{one.what.action};
    if (action == log_action::map) {
        return declare(one);
    }
    if (one.what.map >= maps_.size() || maps_[one.what.map].replaced) {
        throw_malformed();
    }
    map& target = maps_[one.what.map];
    target.changed |= change(target, one);
}

bool replayed_maps::change(map& target, const operation& one) {
    tree_writer& tree = target.tree;
    switch (log_action{one.what.action}) {
    case log_action::put:
        tree.put(
            one.key,
            {.type = value_type{one.what.value_type}, .bytes = one.value, .aligned = one.what.aligned != 0});
        return true;
    case log_action::erase:
        return tree.erase(one.key);
    case log_action::erase_range:
        return tree.erase_range(one.key, one.value) != 0;
    case log_action::erase_prefix:
        return tree.erase_prefix(one.key) != 0;
    case log_action::clear: {
        const bool had_entries = tree.root().entries != 0;
        tree.clear();
        return had_entries;
    }
    case log_action::drop:
        drop(target);
        return true;
    default:
        throw_malformed();
    }
}

void replayed_maps::store(format::commit_slot& next) {
    for (map& one : maps_) {
        if (!one.changed || one.replaced) {
            continue;
        }
        const format::map_root now = with_tree(one.before, one.tree.root(), memory_->transaction());
        if (one.name.empty()) {
            next.unnamed = now;
        } else if (one.known || now.entries != 0) {
            catalogue_.put(one.name, now);
        }
    }
    if (catalogue_.changed()) {
        catalogue_.store(next);
    }
    next.next_map_id = std::max(next.next_map_id, next_map_id_);
}

/// What a record made and a later one replaced.
struct replaced_object {
    ref place;
    std::uint64_t bytes;
    txn_id made;
};

/// A transaction of nobody, while nobody else is there.
class replaying_transaction final : public space {
public:
    /// `root` is the commit that the first record followed; `replaced`, what the record before replaced, is used again.
    replaying_transaction(segment& file, txn_id number, txn_id root, std::vector<replaced_object>& replaced)
        : file_(&file), memory_(file), heap_(memory_), root_(root), replaced_(&replaced) {
        base_ = file.base();
        transaction_ = number;
        heap_.begin(number);
        for (const replaced_object& one : replaced) {
            heap_.free(one.place);
        }
        replaced.clear();
    }
    [[nodiscard]] ref allocate(std::uint64_t size) override { return heap_.allocate(size); }
    void release(ref place, std::uint64_t size, txn_id made) override {
        if (made == transaction_) {
            heap_.free(place);
        } else if (made > root_) { // nobody has seen it, and nothing on the medium needs it
            replaced_->push_back({place, size, made});
        } else {
            retired_.add(place, size, made);
        }
    }
    [[nodiscard]] space_view view() const noexcept override {
        return {base_, format::heap_offset, heap_.end_bytes()};
    }
    void commit(format::commit_slot& next) {
        retired_.flush(heap_, transaction_);
        heap_.before_commit();
        next.txn = raw(transaction_);
        next.end_bytes = heap_.end_bytes();
        file_->commits().publish(next);
    }

private:
    segment* file_;
    segment_backing memory_;
    heap heap_;
    txn_id root_;
    std::vector<replaced_object>* replaced_;
    retired_objects retired_;
};

} // namespace

format::commit_slot replay(space& memory, const format::commit_slot& before,
                           std::span<const std::byte> operations) {
    replayed_maps maps(memory, before);
    while (!operations.empty()) {
        maps.apply(operation::next(operations));
    }
    format::commit_slot next = before;
    maps.store(next);
    return next;
}

format::commit_slot replay_log(segment& file, const format::commit_slot& root, retired_objects& retired) {
    format::commit_slot newest = root;
    std::vector<replaced_object> replaced;
    if (newest.log_block == 0) {
        return newest;
    }
    const redo_log log(file.base(), newest);
    while (const auto record = log.read(newest.log_end, txn_id{newest.txn})) {
        failpoint("replay.begin");
        replaying_transaction transaction(file, txn_id{record->header.txn}, txn_id{root.txn}, replaced);
        format::commit_slot next = replay(transaction, newest, record->operations);
        next.time_ns = record->header.time_ns;
        next.log_end = record->end;
        failpoint("replay.before_commit");
        transaction.commit(next);
        failpoint("replay.committed");
        newest = next;
    }
    for (const replaced_object& one : replaced) {
        retired.add(one.place, one.bytes, one.made);
    }
    return newest;
}

} // namespace holdfast
