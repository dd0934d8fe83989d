// Sleeping on a word in shared memory until somebody changes it.
//
// Thread and process safety: the word may lie in any memory that the sleepers share; a mapping that may only be read
// will do.
#pragma once

#include <chrono>
#include <cstdint>

namespace holdfast::os {

/// Sleeps while `word` holds `seen`, for at most `time`; whether nobody woke it: the time is up, or a signal came.
/// Returns early at
/// will.
bool sleep_on(const std::uint32_t& word, std::uint32_t seen, std::chrono::nanoseconds time) noexcept;

/// Wakes one sleeper, if there is any. The word is not looked at.
void wake_one(const std::uint32_t& word) noexcept;
/// Wakes all that sleep on it.
void wake_all(const std::uint32_t& word) noexcept;

} // namespace holdfast::os
