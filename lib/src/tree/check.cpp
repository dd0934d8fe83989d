// The walk that verifies a tree.
//
// Each object is judged inside a `guarded` call: errc::corrupt thrown by whatever reads it becomes a finding,
// and the walk goes on with the next object.
#include "tree/check.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <holdfast/error.hpp>

#include "os/failpoint.hpp"
#include "tree/node_search.hpp"

namespace holdfast {

namespace {

/// The keys k with low <= k < high that a subtree may hold.
struct key_bounds {
    std::optional<std::string_view> low;
    std::optional<std::string_view> high;
};

class checker {
public:
    checker(const space_view& view, const tree_ages& ages, const visit_function& visit,
            std::size_t findings_max)
        : view_(view), ages_(ages), visit_(visit), findings_max_(findings_max) {}

    [[nodiscard]] std::vector<tree_finding> check(const tree_root& root) &&;

private:
    void report(const char* what, ref where);
    template <class Judge>
    bool guarded(ref where, Judge judge);
    [[nodiscard]] bool visit_once(ref place, std::uint64_t bytes);

    [[nodiscard]] std::optional<std::uint64_t> check_node(ref place, std::uint32_t level, txn_id made_max,
                                                          const key_bounds& bounds);
    void check_header(const format::node_header& header, ref place, txn_id made_max);
    template <class Refs>
    void check_unused_refs(const Refs& refs, std::size_t count, ref place);
    template <std::size_t Capacity>
    void check_unused(const std::array<std::uint32_t, Capacity>& slices, std::size_t count, ref place);
    void check_digest(const format::node_header& header, std::optional<std::uint64_t> digest, ref place);

    void check_leaf(const format::leaf_node& leaf, ref place, const key_bounds& bounds);
    [[nodiscard]] std::uint64_t check_record(ref place, txn_id made_max, const key_bounds& bounds);
    void check_slices(const format::leaf_node& leaf, ref place);

    void check_inner(const format::inner_node& node, ref place, std::uint32_t level,
                     const key_bounds& bounds);
    using separators = std::array<std::optional<std::string_view>, format::inner_node::capacity + 1>;
    [[nodiscard]] separators check_separators(const format::inner_node& node, ref place,
                                              const key_bounds& bounds);
    [[nodiscard]] std::string_view check_separator(ref place, txn_id made_max, const key_bounds& bounds);
    void check_prefix(const format::inner_node& node, ref place, const separators& keys);

    [[nodiscard]] bool is_trusted(std::uint64_t made) const noexcept {
        return made != 0 && made <= raw(ages_.trusted);
    }

    space_view view_;
    tree_ages ages_;
    const visit_function& visit_;
    std::size_t findings_max_;
    map_id map_ = map_id::none;
    std::vector<tree_finding> findings_;
    std::string_view near_; ///< the key, or lower end of keys, at hand
    std::optional<std::string_view> last_key_;
    std::uint64_t entries_ = 0;
    std::uint64_t bytes_ = 0;
};

void checker::report(const char* what, ref where) {
    if (findings_.size() < findings_max_) {
        findings_.push_back({what, where, std::string(near_)});
    }
}

/// Calls `judge`; false if it met damage that forbids to go on with the object.
template <class Judge>
bool checker::guarded(ref where, Judge judge) {
    try {
        judge();
        return true;
    } catch (const error& damage) {
        if (damage.reason() != errc::corrupt) {
            throw;
        }
        report(damage.what(), where);
        return false;
    }
}

bool checker::visit_once(ref place, std::uint64_t bytes) {
    if (visit_(place, bytes)) {
        return true;
    }
    report("an object is reached twice", place);
    return false;
}

std::vector<tree_finding> checker::check(const tree_root& root) && {
    map_ = root.map;
    if (!root.root) {
        if (root != empty_tree(root.map)) {
            report("an empty tree claims contents", root.root);
        }
        return std::move(findings_);
    }
    if (root.level > format::level_max) {
        report("a tree is higher than any can be", root.root);
        return std::move(findings_);
    }
    const bool entered = check_node(root.root, root.level, ages_.newest, {}).has_value();
    near_ = {};
    if (entered && node_share(view_.at<format::node_header>(root.root)) != root.digest &&
        protocol_order("check.digest")) {
        report("the root node's digest is not the one the tree was committed with", root.root);
    }
    if (ages_.trusted == txn_id::none && entries_ != root.entries) {
        report("the number of entries is wrong", root.root);
    }
    if (ages_.trusted == txn_id::none && bytes_ != root.bytes) {
        report("the number of bytes in keys and values is wrong", root.root);
    }
    return std::move(findings_);
}

/// Checks a node and all below it. Returns what it adds to its parent's digest, or nothing if it could not be
/// entered.
std::optional<std::uint64_t> checker::check_node(ref place, std::uint32_t level, txn_id made_max,
                                                 const key_bounds& bounds) {
    near_ = bounds.low.value_or(std::string_view{});
    std::optional<std::uint64_t> share;
    guarded(place, [&] {
        const format::node_header& header =
            level == 0 ? leaf_at(view_, place, map_).header : inner_at(view_, place, level, map_).header;
        if (!visit_once(place, level == 0 ? sizeof(format::leaf_node) : sizeof(format::inner_node))) {
            return;
        }
        share = node_share(header);
        check_header(header, place, made_max);
        if (is_trusted(header.made)) {
            last_key_.reset(); // what it ends with is not read
            return;
        }
        if (level == 0) {
            check_leaf(leaf_at(view_, place, map_), place, bounds);
        } else {
            check_inner(inner_at(view_, place, level, map_), place, level, bounds);
        }
    });
    return share;
}

void checker::check_header(const format::node_header& header, ref place, txn_id made_max) {
    if (header.made == 0 || header.made > raw(made_max)) {
        report("a node is newer than its parent, or made by no transaction", place);
    }
    if (header.reserved_byte != 0 || header.reserved_half != 0 || header.reserved != 0) {
        report("reserved bytes of a node are not zero", place);
    }
}

template <class Refs>
void checker::check_unused_refs(const Refs& refs, std::size_t count, ref place) {
    for (std::size_t i = count; i < refs.low.size(); ++i) {
        if (get_ref(refs, i)) {
            report("an unused reference of a node is not null", place);
            return;
        }
    }
}

template <std::size_t Capacity>
void checker::check_unused(const std::array<std::uint32_t, Capacity>& slices, std::size_t count, ref place) {
    if (!std::all_of(slices.begin() + static_cast<std::ptrdiff_t>(count), slices.end(),
                     [](std::uint32_t slice) { return slice == slice_unused; })) {
        report("an unused slice of a node has a wrong value", place);
    }
}

/// `digest`: the sum found; nothing if a child could not be read.
void checker::check_digest(const format::node_header& header, std::optional<std::uint64_t> digest,
                           ref place) {
    if (digest && *digest != header.digest && protocol_order("check.digest")) {
        report("a node's digest does not fit its children", place);
    }
}

// --- Leaves -----------------------------------------------------------------------------------------------

void checker::check_leaf(const format::leaf_node& leaf, ref place, const key_bounds& bounds) {
    std::optional<std::uint64_t> digest = 0;
    for (std::size_t i = 0; i < leaf.header.count; ++i) {
        prefetch(view_.hint(get_ref(leaf.records, i)));
    }
    for (std::size_t i = 0; i < leaf.header.count; ++i) {
        const ref record = get_ref(leaf.records, i);
        std::optional<std::uint64_t> share;
        guarded(record, [&] { share = check_record(record, txn_id{leaf.header.made}, bounds); });
        digest = digest && share ? std::optional(*digest + *share) : std::nullopt;
    }
    check_digest(leaf.header, digest, place);
    check_unused(leaf.slices, leaf.header.count, place);
    check_unused_refs(leaf.records, leaf.header.count, place);
    const auto unused_tags = std::span(leaf.records.tags).subspan(leaf.header.count);
    if (std::ranges::any_of(unused_tags, [](std::uint8_t tag) { return tag != 0; })) {
        report("an unused tag of a leaf is not 0", place);
    }
    if (std::ranges::any_of(leaf.reserved, [](std::uint8_t byte) { return byte != 0; })) {
        report("reserved bytes of a leaf are not zero", place);
    }
    check_slices(leaf, place);
}

/// Checks a record, and returns what it adds to its leaf's digest.
std::uint64_t checker::check_record(ref place, txn_id made_max, const key_bounds& bounds) {
    const record_view record = read_record(view_, place);
    near_ = record.key;
    static_cast<void>(visit_once(place, record.bytes));
    if (!is_trusted(raw(record.made)) && !record_is_sound(view_, place)) {
        report("a record's checksum is wrong", place);
    }
    if (record.made == txn_id::none || record.made > made_max) {
        report("a record is newer than its leaf, or made by no transaction", place);
    }
    if (last_key_ && record.key <= *last_key_) {
        report("a key does not rise", place);
    }
    if ((bounds.low && record.key < *bounds.low) || (bounds.high && record.key >= *bounds.high)) {
        report("a key lies outside of what the separators above it part", place);
    }
    last_key_ = record.key;
    entries_ += 1;
    bytes_ += record.key.size() + record.value.size();
    return record_share(view_, place);
}

void checker::check_slices(const format::leaf_node& leaf, ref place) {
    const std::string_view prefix = leaf_prefix(view_, leaf);
    for (std::size_t i = 0; i < leaf.header.count; ++i) {
        const std::string_view key = record_key(view_, get_ref(leaf.records, i));
        near_ = key;
        if (!key.starts_with(prefix)) {
            report("a key does not begin with its leaf's prefix", place);
        } else if (leaf.slices[i] != slice_of(key, prefix.size())) {
            report("a slice does not fit its key", place);
        } else if (leaf.records.tags[i] != tag_of(key)) {
            report("a tag does not fit its key", place);
        }
    }
}

// --- Inner nodes ------------------------------------------------------------------------------------------

void checker::check_inner(const format::inner_node& node, ref place, std::uint32_t level,
                          const key_bounds& bounds) {
    const std::size_t count = node.header.count;
    const separators keys = check_separators(node, place, bounds);
    std::optional<std::uint64_t> digest = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const key_bounds part{i == 0 ? bounds.low : keys[i], i + 1 == count ? bounds.high : keys[i + 1]};
        const auto share = check_node(get_ref(node.children, i), level - 1, txn_id{node.header.made}, part);
        digest = digest && share ? std::optional(*digest + *share) : std::nullopt;
        if (i != 0) {
            digest = digest && keys[i]
                         ? std::optional(*digest + separator_share(view_, get_ref(node.separators, i)))
                         : std::nullopt;
        }
    }
    near_ = bounds.low.value_or(std::string_view{});
    check_digest(node.header, digest, place);
    check_unused(node.slices, count, place);
    check_unused_refs(node.children, count, place);
    check_unused_refs(node.separators, count, place);
    check_prefix(node, place, keys);
}

/// The separators that could be read, by position.
checker::separators checker::check_separators(const format::inner_node& node, ref place,
                                              const key_bounds& bounds) {
    separators keys;
    if (get_ref(node.separators, 0) || node.slices[0] != 0) {
        report("there is a separator before the first child", place);
    }
    key_bounds rest = bounds;
    for (std::size_t i = 1; i < node.header.count; ++i) {
        const ref separator = get_ref(node.separators, i);
        guarded(separator, [&] {
            keys[i] = check_separator(separator, txn_id{node.header.made}, rest);
            rest.low = keys[i];
        });
    }
    return keys;
}

std::string_view checker::check_separator(ref place, txn_id made_max, const key_bounds& bounds) {
    const auto& header = view_.at<format::separator_header>(place);
    const std::string_view key = read_separator(view_, place);
    near_ = key;
    static_cast<void>(visit_once(place, sizeof header + key.size()));
    if (format::made_of(header) == 0 || format::made_of(header) > raw(made_max)) {
        report("a separator is newer than its node, or made by no transaction", place);
    }
    if (!separator_is_sound(view_, place)) {
        report("a separator's checksum is wrong", place);
    }
    if ((bounds.low && key <= *bounds.low) || (bounds.high && key >= *bounds.high)) {
        report("a separator does not rise, or lies outside of what those above it part", place);
    }
    return key;
}

void checker::check_prefix(const format::inner_node& node, ref place, const separators& keys) {
    const std::size_t count = node.header.count;
    const std::size_t size = node.header.prefix_size;
    const std::string_view prefix = count > 1 ? keys[1].value_or(std::string_view{}).substr(0, size) : "";
    if (prefix.size() != size) {
        if (count == 1 || keys[1]) {
            report("an inner node's prefix is longer than its first separator", place);
        }
        return;
    }
    std::array<std::uint8_t, format::inner_node::prefix_inline> expected{};
    std::copy_n(prefix.begin(), std::min(size, expected.size()), expected.begin());
    if (expected != node.prefix) {
        report("an inner node's prefix does not fit its separators", place);
    }
    for (std::size_t i = 1; i < count; ++i) {
        if (keys[i] && (!keys[i]->starts_with(prefix) || node.slices[i] != slice_of(*keys[i], size))) {
            near_ = *keys[i];
            report("a separator does not fit the prefix or its slice", place);
        }
    }
}

} // namespace

std::vector<tree_finding> tree_check(const space_view& view, const tree_root& root, const tree_ages& ages,
                                     const visit_function& visit, std::size_t findings_max) {
    return checker(view, ages, visit, findings_max).check(root);
}

} // namespace holdfast
