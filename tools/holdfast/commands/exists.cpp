// holdfast exists: tells by its exit status whether there is a key.
#include <holdfast/store.hpp>
#include <holdfast/text.hpp>

#include "program/command.hpp"

namespace holdfast::cli {

namespace {

constexpr std::string_view details = //
    R"(Prints nothing. The status is 0 if there is such a key, and 1 if there is none,
or no such map or store.

Example:
  if holdfast exists lock; then echo "somebody is at work"; fi
)";

bool exists(const settings& given, const std::string& key) {
    try {
        const map_view map = open_to_read(given).snapshot().map(given.map);
        return map.contains(key_from_text(map.keys(), key));
    } catch (const error& failure) {
        if (failure.reason() == errc::not_found) {
            return false;
        }
        throw;
    }
}

exit_status run_exists(invocation& call) {
    if (!call.begin(1, 1)) {
        return exit_status::done;
    }
    const std::string& key = call.line.words()[0];
    expect_key(key);
    return exists(call.given, key) ? exit_status::done : exit_status::not_found;
}

constexpr command this_command{.name = "exists",
                               .alias = "",
                               .arguments = "KEY",
                               .summary = "Tell by the exit status whether there is a key",
                               .details = details,
                               .group = command_group::entries,
                               .run = run_exists};
const command_registration registration(this_command);

} // namespace

} // namespace holdfast::cli
