// holdfast cas: compares and sets, atomically.
#include <optional>
#include <string>
#include <utility>

#include <holdfast/store.hpp>
#include <holdfast/text.hpp>

#include "output/escape.hpp"
#include "program/command.hpp"
#include "program/operations.hpp"

namespace holdfast::cli {

namespace {

constexpr std::string_view details = //
    R"(Stores NEW if the value is OLD; if it is another, or there is none, nothing
happens and the status is 8. OLD and NEW are read as values of the type that is
stored, or of --type. Documents are equal if they say the same in any order; the
name of a document's type stays.
"holdfast put --if-absent" stores what is not there yet.

Examples:
  holdfast cas state ready running
  holdfast cas balance 100 80
  holdfast cas config '{"port":80}' '{"port":8080}'
)";

exit_status run_cas(invocation& call) {
    std::optional<std::string> type_name;
    call.line.option("-t,--type", "TYPE", type_name, "of OLD and NEW (default: that of the stored value)");
    if (!call.begin(3, 3)) {
        return exit_status::done;
    }
    const auto& words = call.line.words();
    expect_key(words[0]);
    const auto type = type_name ? std::optional(parse_value_type(*type_name)) : std::nullopt;
    const auto read_word = [&](std::size_t index) {
        return [&words, type, index](value_type stored) {
            return value_from_text(type.value_or(stored), words[index]);
        };
    };
    auto target = open_if_there(call.given);
    if (!target) {
        throw error(errc::condition_not_met, "the condition was not met: there is no store " +
                                                 in_quotes(call.given.store_path) + "; nothing was stored");
    }
    target->update([&](write_transaction& transaction) {
        const map_writer map = transaction.map(call.given.map);
        naming_key(call.given, words[0], [&] {
            compare_and_set(map, key_from_text(map.keys(), words[0]), read_word(1), read_word(2));
        });
    });
    return exit_status::done;
}

constexpr command this_command{.name = "cas",
                               .alias = "",
                               .arguments = "KEY OLD NEW",
                               .summary = "Replace a value if it is OLD",
                               .details = details,
                               .group = command_group::atomic,
                               .run = run_cas};
const command_registration registration(this_command);

} // namespace

} // namespace holdfast::cli
