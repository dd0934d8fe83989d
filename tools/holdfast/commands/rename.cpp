// holdfast rename: another key for a value.
#include <string_view>

#include "program/command.hpp"
#include "program/transfer.hpp"

namespace holdfast::cli {

namespace {

constexpr std::string_view details = //
    R"(Moves the value of SRC, with its type, to DST; nobody ever sees both or neither.
What was there is replaced, but with --if-absent that is status 8. --to-map
names the map of DST.

Examples:
  holdfast rename draft article
  holdfast rename --if-absent job/waiting/7 job/running/7
  holdfast -m inbox rename 17 17 --to-map archive
)";

exit_status run_rename(invocation& call) { return run_transfer(call, source::goes); }

constexpr command this_command{.name = "rename",
                               .alias = "",
                               .arguments = "SRC DST",
                               .summary = "Move a value to another key",
                               .details = details,
                               .group = command_group::atomic,
                               .run = run_rename};
const command_registration registration(this_command);

} // namespace

} // namespace holdfast::cli
