// Iterators of maps.
#include <holdfast/iteration.hpp>

#include <new>
#include <utility>

#include <holdfast/error.hpp>

#include "store/map_access.hpp"
#include "store/stored_value.hpp"
#include "tree/cursor.hpp"

namespace holdfast {

using detail::map_access;

namespace detail {

std::string after_prefix(std::string_view prefix) {
    std::string successor(prefix);
    while (!successor.empty() && static_cast<unsigned char>(successor.back()) == 0xFF) {
        successor.pop_back();
    }
    if (!successor.empty()) {
        successor.back() = static_cast<char>(static_cast<unsigned char>(successor.back()) + 1);
    }
    return successor;
}

map_label label_of(const map_iterator& iterator) {
    const walked* of = map_access::of(iterator);
    return of != nullptr ? of->label(map_access::cursor(iterator).map()) : map_label{};
}

map_iterator stand_in(std::shared_ptr<const walked> of, tree_cursor cursor, stand where,
                      std::string_view key) {
    const tree_cursor end = cursor;
    if (where == stand::first) {
        cursor.seek_first();
    } else if (where != stand::end) {
        cursor.seek(key);
        const bool found = cursor.valid() && where != stand::not_less && cursor.record().key == key;
        if (where == stand::greater && found) {
            cursor.next();
        }
        if (where == stand::equal && !found) {
            cursor = end;
        }
    }
    return map_access::iterator(std::move(of), cursor);
}

} // namespace detail

map_iterator::map_iterator() noexcept { ::new (cursor_.data()) tree_cursor(); }

entry map_iterator::operator*() const {
    map_access::expect_current(*this);
    const tree_cursor& cursor = map_access::cursor(*this);
    if (!of_ || !cursor.valid()) [[unlikely]] {
        throw error(errc::invalid_argument,
                    "there is no entry at the end of a map, nor at no map's iterator");
    }
    const record_view record = cursor.record();
    return {record.key, detail::to_view(record)};
}

map_iterator& map_iterator::operator++() {
    map_access::expect_current(*this);
    map_access::cursor(*this).next();
    return *this;
}

map_iterator map_iterator::operator++(int) {
    map_iterator before = *this;
    ++*this;
    return before;
}

map_iterator& map_iterator::operator--() {
    map_access::expect_current(*this);
    tree_cursor& cursor = map_access::cursor(*this);
    if (cursor.valid()) {
        cursor.previous();
    } else {
        cursor.seek_last(); // from the end
    }
    return *this;
}

map_iterator map_iterator::operator--(int) {
    map_iterator before = *this;
    --*this;
    return before;
}

bool operator==(const map_iterator& left, const map_iterator& right) noexcept {
    return map_access::cursor(left) == map_access::cursor(right);
}

} // namespace holdfast
