// holdfast sync: brings everything that was committed to the medium.
#include <holdfast/store.hpp>

#include "program/command.hpp"

namespace holdfast::cli {

namespace {

constexpr std::string_view details = //
    R"(Returns when all that was committed before, by any process, is on the medium
and outlives a power cut. Readers and writers go on meanwhile. Without it that
happens by itself: within seconds while programs have the store open, and when
the last one closes it.

Example:
  holdfast put state ready && holdfast sync
)";

exit_status run_sync(invocation& call) {
    if (!call.begin(0, 0)) {
        return exit_status::done;
    }
    store opened = open_to_write(call.given);
    opened.sync();
    opened.close();
    return exit_status::done;
}

constexpr command this_command{.name = "sync",
                               .alias = "",
                               .arguments = "",
                               .summary = "Bring what was committed to the medium",
                               .details = details,
                               .group = command_group::store,
                               .run = run_sync};
const command_registration registration(this_command);

} // namespace

} // namespace holdfast::cli
