// Holdfast's named and typed maps, as sessions of their own.
#pragma once

#include <cstddef>
#include <memory>

#include "stores/store.hpp"

namespace holdfast {
class store;
}

namespace compare {

[[nodiscard]] std::unique_ptr<session> start_holdfast_named_session(holdfast::store& to);
/// Its values are structs of so many bytes: 8, 100 or 1000, or this throws.
[[nodiscard]] std::unique_ptr<session> start_holdfast_typed_session(holdfast::store& to,
                                                                    std::size_t value_bytes);

} // namespace compare
