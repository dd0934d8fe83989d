// Choosing the commit that is read.
#include "transaction/standing_commit.hpp"

#include <algorithm>
#include <optional>

#include <holdfast/error.hpp>

#include "transaction/commit_choice.hpp"

namespace holdfast {

standing_commit::standing_commit(segment& file) {
    const unrestored_store& found = *file.unrestored();
    const auto chosen = commit_choice(file, found.durable, found.same_file).newest_readable();
    if (!chosen) {
        throw error(errc::corrupt,
                    file.path().string() + ": no commit of the store can be read; restore it from a backup");
    }
    state_.slot = *chosen;
    state_.view =
        space_view(file.base(), format::heap_offset, std::min(chosen->end_bytes, file.file_bytes()));
    visible_ = found.visible;
    promised_ = txn_id{found.durable.version_limit()};
    heads_damaged_ = found.heads_damaged;
}

} // namespace holdfast
