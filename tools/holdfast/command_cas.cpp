// holdfast cas: compares and sets, atomically.
#include <optional>
#include <string>
#include <utility>

#include <holdfast/store.hpp>

#include "command.hpp"
#include "key_text.hpp"
#include "operations.hpp"
#include "value_input.hpp"

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
    check_key(words[0]);
    const auto type = type_name ? std::optional(parse_value_type("--type", *type_name)) : std::nullopt;
    const auto read_word = [&](std::size_t index) {
        return [&words, type, index](value_type stored) {
            const value_type asked = type.value_or(stored);
            std::string bytes;
            append_value_from_text(bytes, asked, words[index]);
            return value(asked, std::move(bytes), 0);
        };
    };
    auto target = open_if_there(call.given);
    if (!target) {
        throw error(errc::condition_not_met,
                    "the condition was not met: there is no store; nothing was stored");
    }
    target->update([&](write_transaction& transaction) {
        const map_writer map = transaction.map(call.given.map);
        compare_and_set(map, key_from_text(map.keys(), words[0]), words[0], read_word(1), read_word(2));
    });
    return exit_status::done;
}

} // namespace

constinit const command cas_command{"cas",   "",     "KEY OLD NEW", "Replace a value if it is OLD",
                                    details, run_cas};

} // namespace holdfast::cli
