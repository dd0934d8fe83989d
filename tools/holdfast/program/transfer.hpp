// What `copy` and `rename` do: another key for a value, in one transaction.
#pragma once

#include "program/command.hpp"

namespace holdfast::cli {

/// What becomes of the key that the value had.
enum class source { stays, goes };

[[nodiscard]] exit_status run_transfer(invocation& call, source then);

} // namespace holdfast::cli
