// What becomes of a store that was not closed, after a boot or as a copy (docs/design.md, "What a store is after a
// boot").
//
// Thread and process safety: alone, under the gate.
#pragma once

#include "segment/segment.hpp"

namespace holdfast {

/// Finds the newest commit that is whole, makes the heap's accounts anew, and publishes a commit with the same contents
/// above all numbers that were promised. `found` is what the medium said; where `same_file`, its commit is whole.
/// Idempotent. Throws corrupt (naming what is damaged) where there is none, no_space, address_space, io_error.
void restore(segment& file, const durable_state& found, bool same_file);

} // namespace holdfast
