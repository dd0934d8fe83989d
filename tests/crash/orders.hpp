// The proof of the campaign: for each ordering that docs/design.md names, a campaign that lacks it and must fail.
//
// Thread and process safety: as the campaign's.
#pragma once

#include <cstdint>
#include <vector>

#include "campaign.hpp"

namespace holdfast::crash {

struct proof {
    removal without;
    std::uint64_t kills_max = 0; ///< within which it must be noticed
};

/// One for each ordering that a kill can break.
[[nodiscard]] const std::vector<proof>& proofs();

/// The campaign without that order; `failure` says how it was noticed. Takes seed, lanes and folder of `settings`.
[[nodiscard]] campaign_result run_without(const proof& one, const campaign_settings& settings);

} // namespace holdfast::crash
