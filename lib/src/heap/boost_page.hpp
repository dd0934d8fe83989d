// The page of the file that holds Boost's segment manager. It is derived: whoever needs it and may, makes it anew.
//
// Its stamp in the heap header says of which boot, file and layout it is. A page of another boot may hold a mutex
// that nobody will ever unlock; one of another layout may hold anything.
// Thread and process safety: formatting under the writer lock, or while nobody knows the file.
#pragma once

#include <cstdint>

#include "segment/segment.hpp"

namespace holdfast {

enum class boost_page_state {
    usable,
    stale,   ///< of another boot or file: nobody alive uses it
    foreign, ///< somebody of this boot made it with another layout, and may use it
};

[[nodiscard]] boost_page_state judge_boost_page(segment& file) noexcept;

/// Makes a new segment manager and stamps it.
void format_boost_page(segment& file);

} // namespace holdfast
