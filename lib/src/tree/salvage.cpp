// The walk that goes on.
//
// Everything of a node is read, and judged, before the visitor is told of any of it, so that what it throws is never
// taken for damage.
#include "tree/salvage.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <holdfast/error.hpp>

#include "tree/node_search.hpp"

namespace holdfast {

namespace {

using known_key = std::optional<std::string_view>;

/// The keys k with low <= k < high that a subtree may hold.
struct key_bounds {
    known_key low;
    known_key high;
};

class salvager {
public:
    salvager(const space_view& view, const tree_root& root, const salvage_range& range,
             salvage_visitor& visitor)
        : view_(view),
          map_(root.map),
          range_(range),
          visitor_(&visitor),
          nodes_left_(view.size() / sizeof(format::leaf_node) + 1) {}

    void run(const tree_root& root) {
        if (root.root) {
            const bool entered = guarded([&] { verify_level(root.level, root.root); });
            const bool whole = entered && guarded([&] { verify_share(root); });
            holds_ = whole ? 0 : 1;
            if (entered) {
                static_cast<void>(walk(root.root, root.level, {}));
            }
        }
        close({});
    }

private:
    // --- What was found ---

    /// Calls `judge`; false if that met damage, which then is part of the gap at hand.
    template <class Judge>
    bool guarded(Judge&& judge) {
        try {
            judge();
            return true;
        } catch (const error& damage) {
            if (damage.reason() != errc::corrupt) {
                throw;
            }
            note(damage.what());
            return false;
        }
    }
    void note(std::string_view what) {
        if (!gap_) {
            gap_ = {last_, {}, std::string(what)};
        }
    }
    /// The gap at hand, if there is one, ends before that key.
    void close(known_key next) {
        if (!gap_) {
            return;
        }
        gap_->before = next;
        if (range_.backwards) {
            std::swap(gap_->after, gap_->before);
        }
        visitor_->gap(*std::exchange(gap_, std::nullopt));
    }

    [[nodiscard]] bool is_too_low(std::string_view key) const { return key < range_.first; }
    [[nodiscard]] bool is_too_high(std::string_view key) const { return range_.last && key >= *range_.last; }

    /// False: the walk is over.
    [[nodiscard]] bool give(const record_view& record) {
        if (range_.backwards ? is_too_low(record.key) : is_too_high(record.key)) {
            close(record.key);
            return false;
        }
        if (range_.backwards ? is_too_high(record.key) : is_too_low(record.key)) {
            if (holds_ == 0) {
                gap_.reset(); // it lies before what was asked for
            }
            last_ = record.key;
            return true;
        }
        if (holds_ == 0) {
            close(record.key);
        }
        last_ = record.key;
        return visitor_->entry(record);
    }

    // --- Nodes ---

    [[nodiscard]] bool walk(ref place, std::uint32_t level, const key_bounds& bounds) {
        if (nodes_left_ == 0) {
            throw_corrupt("a tree has more nodes than the store has room for", place);
        }
        --nodes_left_;
        return level == 0 ? walk_leaf(place, bounds) : walk_inner(place, level, bounds);
    }

    [[nodiscard]] bool walk_leaf(ref place, const key_bounds& bounds) {
        const format::leaf_node* leaf = nullptr;
        if (!guarded([&] { leaf = &leaf_at(view_, place, map_); })) {
            return true;
        }
        for (std::size_t i = 0; i < leaf->header.count; ++i) {
            prefetch(view_.hint(get_ref(leaf->records, i)));
        }
        leaf_contents found;
        for (std::size_t i = 0; i < leaf->header.count; ++i) {
            try {
                found.records[i] = read_in(*leaf, i, bounds, found);
            } catch (const error& damage) {
                found.what = damage.what();
                found.digest.reset();
            }
        }
        const hold held(*this, has_lost_entries(*leaf, found));
        return give_all(*leaf, found);
    }

    struct leaf_contents {
        std::array<std::optional<record_view>, format::leaf_node::capacity> records; ///< that can be read
        std::optional<std::uint64_t> digest = 0; ///< nothing: one can't be read
        known_key last;
        std::string what; ///< is wrong with one of them
    };

    /// A record of a leaf, if its key is what the leaf has kept of it, and belongs there.
    [[nodiscard]] record_view read_in(const format::leaf_node& leaf, std::size_t index,
                                      const key_bounds& bounds, leaf_contents& found) const {
        const ref place = get_ref(leaf.records, index);
        const record_view record = read_record(view_, place);
        if (leaf.records.tags[index] != tag_of(record.key) || (bounds.low && record.key < *bounds.low) ||
            (bounds.high && record.key >= *bounds.high) || (found.last && record.key <= *found.last)) {
            throw_corrupt("a key is not the one that belongs there", place);
        }
        if (found.digest) {
            *found.digest += record_share(view_, place);
        }
        found.last = record.key;
        return record;
    }

    /// Whether its digest is of other records, all of those that it has being sound.
    [[nodiscard]] bool has_lost_entries(const format::leaf_node& leaf, const leaf_contents& found) const {
        if (!found.digest || *found.digest == leaf.header.digest) {
            return false;
        }
        const auto records = std::span(found.records).first(leaf.header.count);
        return std::ranges::all_of(records,
                                   [&](const auto& record) { return record_is_sound(view_, record->place); });
    }

    [[nodiscard]] bool give_all(const format::leaf_node& leaf, const leaf_contents& found) {
        const std::size_t count = leaf.header.count;
        for (std::size_t step = 0; step < count; ++step) {
            const auto& record = found.records[range_.backwards ? count - 1 - step : step];
            if (!record) {
                note(found.what);
            } else if (!give(*record)) {
                return false;
            }
        }
        return true;
    }

    [[nodiscard]] bool walk_inner(ref place, std::uint32_t level, const key_bounds& bounds) {
        const format::inner_node* node = nullptr;
        if (!guarded([&] { node = &inner_at(view_, place, level, map_); })) {
            return true;
        }
        const std::size_t count = node->header.count;
        const parts found = parts_of(*node, bounds);
        const hold held(*this, has_lost_children(*node));
        for (std::size_t step = 0; step < count; ++step) {
            const std::size_t i = range_.backwards ? count - 1 - step : step;
            const bool below = found[i].high && *found[i].high <= range_.first;
            const bool above = found[i].low && is_too_high(*found[i].low);
            if (!below && !above && !walk(get_ref(node->children, i), level - 1, found[i])) {
                return false;
            }
        }
        return true;
    }

    using parts = std::array<key_bounds, format::inner_node::capacity>;

    /// What each child may hold, as far as the separators that can be believed tell.
    [[nodiscard]] parts parts_of(const format::inner_node& node, const key_bounds& bounds) const {
        parts found;
        const std::size_t count = node.header.count;
        found[0].low = bounds.low;
        for (std::size_t i = 1; i < count; ++i) {
            const known_key key =
                separator_between(get_ref(node.separators, i), {found[i - 1].low, bounds.high});
            found[i].low = key ? key : found[i - 1].low;
            found[i - 1].high = key;
        }
        found[count - 1].high = bounds.high;
        for (std::size_t i = count - 1; i-- > 0;) {
            if (!found[i].high) {
                found[i].high = found[i + 1].high;
            }
        }
        return found;
    }
    [[nodiscard]] known_key separator_between(ref place, const key_bounds& bounds) const {
        try {
            if (separator_is_sound(view_, place)) {
                const std::string_view key = read_separator(view_, place);
                const bool fits = (!bounds.low || key > *bounds.low) && (!bounds.high || key < *bounds.high);
                return fits ? known_key(key) : std::nullopt;
            }
        } catch (const error&) { // nothing is lost by it
        }
        return std::nullopt;
    }

    /// Whether its digest is of other children. Where one can't be read, that is told when it is entered.
    [[nodiscard]] bool has_lost_children(const format::inner_node& node) const {
        const std::size_t count = node.header.count;
        for (std::size_t i = 0; i < count; ++i) {
            prefetch(view_.hint(get_ref(node.children, i)));
        }
        std::uint64_t digest = 0;
        try {
            for (std::size_t i = 0; i < count; ++i) {
                digest += node_share(view_.at<format::node_header>(get_ref(node.children, i)));
                digest += i == 0 ? 0 : separator_share(view_, get_ref(node.separators, i));
            }
        } catch (const error&) {
            return false;
        }
        return digest != node.header.digest;
    }
    void verify_share(const tree_root& root) const {
        if (node_share(view_.at<format::node_header>(root.root)) != root.digest) {
            throw_corrupt("the root node is not the one that was committed", root.root);
        }
    }

    /// While it exists, entries that can be read don't end the gap: nobody knows between which the lost ones were.
    class hold {
    public:
        hold(salvager& owner, bool needed) : owner_(needed ? &owner : nullptr) {
            if (owner_ != nullptr) {
                owner_->note("a node has lost entries, or has others than it had");
                ++owner_->holds_;
            }
        }
        ~hold() {
            if (owner_ != nullptr) {
                --owner_->holds_;
            }
        }
        hold(const hold&) = delete;
        hold& operator=(const hold&) = delete;

    private:
        salvager* owner_;
    };

    space_view view_;
    map_id map_;
    salvage_range range_;
    salvage_visitor* visitor_;
    std::uint64_t nodes_left_;
    known_key last_; ///< the last key that could be read, in the direction of the walk
    std::optional<tree_gap> gap_;
    unsigned holds_ = 0;
};

} // namespace

void tree_salvage(const space_view& view, const tree_root& root, const salvage_range& range,
                  salvage_visitor& visitor) {
    salvager(view, root, range, visitor).run(root);
}

} // namespace holdfast
