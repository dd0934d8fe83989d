// The walk over a tree's objects.
#include "tree/objects.hpp"

#include "tree/node_search.hpp"

namespace holdfast {

namespace {

/// Calls `visit`; where it meets damage, the visitor decides.
template <class Visit>
void guarded(object_visitor& visitor, Visit&& visit) {
    try {
        visit();
    } catch (const error& damage) {
        visitor.damaged(damage);
    }
}

void visit_leaf(const space_view& view, ref place, map_id map, object_visitor& visitor) {
    const format::leaf_node& leaf = leaf_at(view, place, map);
    if (!visitor.node(place, sizeof leaf)) {
        return;
    }
    for (std::size_t i = 0; i < leaf.header.count; ++i) {
        guarded(visitor, [&] { visitor.record(get_ref(leaf.records, i), txn_id{leaf.header.made}); });
    }
}

void visit_inner(const space_view& view, ref place, std::uint32_t level, map_id map,
                 object_visitor& visitor) {
    const format::inner_node& node = inner_at(view, place, level, map);
    if (!visitor.node(place, sizeof node)) {
        return;
    }
    for (std::size_t i = 0; i < node.header.count; ++i) {
        prefetch(view.hint(get_ref(node.children, i)));
    }
    for (std::size_t i = 0; i < node.header.count; ++i) {
        if (i != 0) {
            guarded(visitor, [&] {
                const ref separator = get_ref(node.separators, i);
                visitor.separator(separator,
                                  sizeof(format::separator_header) + read_separator(view, separator).size());
            });
        }
        guarded(visitor, [&] {
            const ref child = get_ref(node.children, i);
            level == 1 ? visit_leaf(view, child, map, visitor)
                       : visit_inner(view, child, level - 1, map, visitor);
        });
    }
}

} // namespace

void visit_objects(const space_view& view, const tree_root& root, object_visitor& visitor) {
    if (!root.root) {
        return;
    }
    guarded(visitor, [&] {
        verify_level(root.level, root.root);
        root.level == 0 ? visit_leaf(view, root.root, root.map, visitor)
                        : visit_inner(view, root.root, root.level, root.map, visitor);
    });
}

} // namespace holdfast
