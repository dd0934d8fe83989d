// Judging an image: it opens as after a reboot, holds one of the contents that are possible, `check` is clean, and
// further transactions work and are there after a close. Some images become scenes of their own, which are cut in
// turn, from their opening on.
//
// Thread safety: one thread.
#pragma once

#include <cstdint>
#include <string>

#include <holdfast/store.hpp>

#include "cut_contents.hpp"
#include "cut_worker.hpp"
#include "medium.hpp"

namespace holdfast::crash {

struct cut_job {
    enum class kind : std::uint8_t {
        cut,               ///< of the same file, after a boot
        copied,            ///< of another one that was copied after the boot
        copied_under_load, ///< no cut at all: it may be refused as damaged, but not be wrong
    };
    image after;
    kind what = kind::cut;
    survival how = survival::old;
    bool opening = false; ///< cut while the store was being opened
    unsigned depth = 0;   ///< of the scene that was cut
    cut_history possible;
    version_number version = 0; ///< numbers that are given from now on are above
    std::string moment;
    [[nodiscard]] std::string describe() const;
};

/// Which of the possible contents these are, the newest that is equal. Counts what was lost; throws broken_promise if
/// it is none, or if `check` finds anything.
[[nodiscard]] std::size_t recognise(const store& seen, const cut_history& possible, cut_counts& counts);

/// Throws broken_promise, which says of which image.
void judge(cut_worker& worker, const cut_job& one, random_source& random);

} // namespace holdfast::crash
