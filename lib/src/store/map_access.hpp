// What the public types of maps hide in opaque bytes, so that no internal header is installed; this is the one place
// that looks into them. All of it is trivially copyable, so copies of the bytes are copies of the objects.
#pragma once

#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include <holdfast/snapshot.hpp>

#include "store/walked.hpp"
#include "tree/cursor.hpp"

namespace holdfast::detail {

/// What a map_view keeps in its opaque bytes.
struct map_place {
    space_view view;
    tree_root root;
};

struct map_access {
    static_assert(sizeof(tree_cursor) <= sizeof(map_iterator::cursor_) &&
                  std::is_trivially_copyable_v<tree_cursor>);
    static_assert(sizeof(map_place) <= 64 && std::is_trivially_copyable_v<map_place>);

    [[nodiscard]] static tree_cursor& cursor(map_iterator& iterator) noexcept {
        return *std::launder(reinterpret_cast<tree_cursor*>(iterator.cursor_.data()));
    }
    [[nodiscard]] static const tree_cursor& cursor(const map_iterator& iterator) noexcept {
        return *std::launder(reinterpret_cast<const tree_cursor*>(iterator.cursor_.data()));
    }
    [[nodiscard]] static map_place& place(map_view& map) noexcept {
        return *std::launder(reinterpret_cast<map_place*>(map.root_.data()));
    }
    [[nodiscard]] static const map_place& place(const map_view& map) noexcept {
        return *std::launder(reinterpret_cast<const map_place*>(map.root_.data()));
    }
    [[nodiscard]] static key_type& keys(map_view& map) noexcept { return map.keys_; }
    [[nodiscard]] static const walked* of(const map_iterator& iterator) noexcept {
        return iterator.of_.get();
    }

    [[nodiscard]] static map_iterator iterator(std::shared_ptr<const walked> of, const tree_cursor& cursor) {
        map_iterator made;
        map_access::cursor(made) = cursor;
        made.changes_ = of->changes();
        made.of_ = std::move(of);
        return made;
    }
    /// Throws if it must not be used any more.
    static void expect_current(const map_iterator& iterator) {
        if (iterator.of_) {
            iterator.of_->expect(iterator.changes_);
        }
    }
};

/// An iterator at that place of a tree.
[[nodiscard]] map_iterator stand_in(std::shared_ptr<const walked> of, tree_cursor cursor, stand where,
                                    std::string_view key);

} // namespace holdfast::detail
