// The heap's part of a check.
#pragma once

#include <vector>

#include "segment/segment.hpp"
#include "transaction/check.hpp"
#include "transaction/object_marks.hpp"

namespace holdfast {

/// Given all objects that the maps reach, adds what waits in lists, and compares with the heap's bitmaps and runs.
/// Fills `options.usage`. `marks` spans the heap, which may have grown since the commit that ends at
/// `commit_end_bytes`.
void check_accounts(segment& file, std::uint64_t commit_end_bytes, object_marks& marks,
                    const check_options& options, std::vector<check_finding>& findings);

} // namespace holdfast
