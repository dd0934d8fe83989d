// holdfast copy: another key for a value, too.
#include <string_view>

#include "program/command.hpp"
#include "program/transfer.hpp"

namespace holdfast::cli {

namespace {

constexpr std::string_view details = //
    R"(Stores the value of SRC, with its type, at DST, too. What was there is replaced,
but with --if-absent that is status 8. --to-map names the map of DST.

Examples:
  holdfast copy config config.old
  holdfast copy --if-absent template user/ada
  holdfast -m staging copy page index --to-map live
)";

exit_status run_copy(invocation& call) { return run_transfer(call, source::stays); }

constexpr command this_command{.name = "copy",
                               .alias = "",
                               .arguments = "SRC DST",
                               .summary = "Store a value at another key, too",
                               .details = details,
                               .group = command_group::atomic,
                               .run = run_copy};
const command_registration registration(this_command);

} // namespace

} // namespace holdfast::cli
