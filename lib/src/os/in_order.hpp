// Two steps of a protocol whose order matters, and has a name: docs/design.md, "Orders that must hold".
//
// Only builds with HOLDFAST_FAILPOINTS can turn an order round; a test that does (`NAME=off`) must see it noticed.
// Thread and process safety: as the steps'.
#pragma once

#include <string_view>

#include "os/failpoint.hpp"

namespace holdfast {

/// Does `first`, passes the failpoint `between`, and does `second`.
template <class First, class Second>
inline void in_order(std::string_view name, std::string_view between, First&& first, Second&& second) {
#ifdef HOLDFAST_FAILPOINTS
    if (!protocol_order(name)) {
        second();
        failpoint(between);
        first();
        return;
    }
#endif
    static_cast<void>(name);
    first();
    failpoint(between);
    second();
}

} // namespace holdfast
