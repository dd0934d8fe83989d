// Walks two trees together, in key order, entering only what they do not share.
#include "tree/difference.hpp"

#include <array>

#include "tree/node_search.hpp"

namespace holdfast {

namespace {

/// What is left of one tree: a record or subtree at the head, and all behind it.
class remainder {
public:
    remainder(const space_view& view, const tree_root& root)
        : view_(view),
          map_(root.map),
          root_level_(root.level),
          head_(root.root),
          level_(root.level),
          nodes_left_(view.size() / sizeof(format::leaf_node)) {
        verify_level(root.level, root.root);
    }

    [[nodiscard]] bool empty() const noexcept { return !head_; }
    [[nodiscard]] ref head() const noexcept { return head_; }
    [[nodiscard]] bool is_record() const noexcept { return level_ == record_level; }
    [[nodiscard]] int level() const noexcept {
        return level_;
    } ///< of the head's node; record_level: a record
    [[nodiscard]] record_view record() const { return read_record(view_, head_); }

    /// Replaces the subtree at the head by its children.
    void enter() {
        if (nodes_left_-- == 0) [[unlikely]] {
            throw_corrupt("a tree has more nodes than the store has room for", head_);
        }
        path_[static_cast<std::size_t>(level_)] = {head_, 0};
        stand_at(static_cast<std::size_t>(level_), 0);
    }

    /// Goes on to what is behind the head.
    void skip() {
        for (int level = level_ + 1; level <= root_level_; ++level) {
            step& at = path_[static_cast<std::size_t>(level)];
            if (stand_at(static_cast<std::size_t>(level), at.index + 1)) {
                return;
            }
        }
        head_ = {};
    }

private:
    static constexpr int record_level = -1;

    struct step {
        ref node;
        std::size_t index = 0;
    };

    /// Makes child `index` of the entered node at `level` the head; false if there is none.
    bool stand_at(std::size_t level, std::size_t index) {
        const ref place = path_[level].node;
        if (level == 0) {
            const format::leaf_node& leaf = leaf_at(view_, place, map_);
            if (index >= leaf.header.count) {
                return false;
            }
            head_ = get_ref(leaf.records, index);
        } else {
            const format::inner_node& node = inner_at(view_, place, static_cast<std::uint32_t>(level), map_);
            if (index >= node.header.count) {
                return false;
            }
            head_ = get_ref(node.children, index);
        }
        if (!head_) [[unlikely]] {
            throw_corrupt("a node holds a null reference", place);
        }
        path_[level].index = index;
        level_ = static_cast<int>(level) - 1;
        return true;
    }

    space_view view_;
    map_id map_;
    int root_level_;
    ref head_;
    int level_;
    std::uint64_t nodes_left_; ///< bounds the walk through a forged graph of nodes
    std::array<step, format::level_max + 1> path_{};
};

/// Both heads are records and differ.
void report_records(remainder& older, remainder& newer, const difference_function& report) {
    const record_view old = older.record();
    const record_view now = newer.record();
    const int order = old.key.compare(now.key);
    if (order <= 0) {
        older.skip();
    }
    if (order >= 0) {
        newer.skip();
    }
    report(order <= 0 ? &old : nullptr, order >= 0 ? &now : nullptr);
}

void advance(remainder& older, remainder& newer, const difference_function& report) {
    if (older.head() == newer.head() && older.level() == newer.level()) {
        older.skip();
        newer.skip();
    } else if (older.level() != newer.level()) {
        (older.level() > newer.level() ? older : newer).enter();
    } else if (older.is_record()) {
        report_records(older, newer, report);
    } else {
        older.enter();
        newer.enter();
    }
}

} // namespace

void tree_difference(space_view older_view, const tree_root& older_root, space_view newer_view,
                     const tree_root& newer_root, const difference_function& report) {
    remainder older(older_view, older_root);
    remainder newer(newer_view, newer_root);
    while (!older.empty() && !newer.empty()) {
        advance(older, newer, report);
    }
    for (remainder* left : {&older, &newer}) {
        while (!left->empty()) {
            if (!left->is_record()) {
                left->enter();
                continue;
            }
            const record_view record = left->record();
            left->skip();
            report(left == &older ? &record : nullptr, left == &newer ? &record : nullptr);
        }
    }
}

} // namespace holdfast
