// What is said where damage keeps a store from being opened for writing: which keys are hurt, and what to do.
//
// Thread safety: pure functions.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "transaction/check.hpp"

namespace holdfast {

/// The first few findings with their keys, and how many there are.
[[nodiscard]] std::string describe(const std::vector<check_finding>& findings);

/// Throws corrupt: the store is damaged, as `what` says, and these are the findings. Says how to save the rest.
[[noreturn]] void throw_damaged(const std::filesystem::path& store, std::string_view what,
                                const std::vector<check_finding>& findings);

} // namespace holdfast
