// holdfast apply: a batch of operations in one transaction.
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <holdfast/entry_json.hpp>
#include <holdfast/store.hpp>

#include "input/import_batch.hpp"
#include "input/input_file.hpp"
#include "output/escape.hpp"
#include "program/command.hpp"
#include "program/operations.hpp"

namespace holdfast::cli {

namespace {

constexpr std::string_view details = //
    R"(Reads FILE, or standard input: one operation a line, as a JSON object. All are
done or, if one fails, none; the error names the line, and the status is that of
the operation. Prints how many there were. Each may have "map", and "key_type"
for a new map. "type" is as for put; without it JSON tells the type. Deleting
what is absent is no error here.

  {"op":"put","key":"port","value":8080}
  {"op":"put","key":"logo","type":"bytes","value":{"$bytes":"iVBORw0KGgo="}}
  {"op":"incr","key":"visits","by":5}
  {"op":"cas","key":"state","old":"ready","new":"running"}
  {"op":"del","key":"draft","map":"pages"}

Examples:
  holdfast apply changes.jsonl
  generate-changes | holdfast -m pages apply
)";

enum class operation_kind { put, del, incr, cas };

struct operation {
    operation_kind kind;
    entry_json line;
    std::uint64_t number;
};

operation_kind parse_kind(const entry_json& line) {
    using names = std::initializer_list<std::pair<std::string_view, operation_kind>>;
    const std::string name = line.text(entry_member::op);
    for (const auto& [known, kind] : names{{"put", operation_kind::put},
                                           {"del", operation_kind::del},
                                           {"incr", operation_kind::incr},
                                           {"cas", operation_kind::cas}}) {
        if (name == known) {
            return kind;
        }
    }
    throw_usage("there is no operation " + in_quotes(name) + "; there are put, del, incr and cas");
}

/// Refuses members that say nothing in this operation, or are missing: they are mistakes.
void expect_members(operation_kind kind, const entry_json& line) {
    using members = std::initializer_list<entry_member>;
    const auto refuse = [&](members foreign) {
        for (const entry_member which : foreign) {
            if (line.has(which)) {
                throw_usage("the operation has no use for " + in_quotes(to_string(which)));
            }
        }
    };
    if (kind != operation_kind::put) {
        refuse({entry_member::value, entry_member::document_type, entry_member::cbor_base64,
                entry_member::bits});
    }
    if (kind != operation_kind::incr) {
        refuse({entry_member::by});
    }
    if (kind == operation_kind::cas) {
        for (const entry_member needed : {entry_member::old_value, entry_member::new_value}) {
            if (!line.has(needed)) {
                throw_usage("there is no " + in_quotes(to_string(needed)));
            }
        }
    } else {
        refuse({entry_member::old_value, entry_member::new_value});
    }
    if (kind == operation_kind::del) {
        refuse({entry_member::type});
    }
}

std::vector<operation> parse_operations(std::string_view input) {
    std::vector<operation> operations;
    for (std::uint64_t number = 1; !input.empty(); ++number) {
        const std::size_t end = input.find('\n');
        const std::string_view text = input.substr(0, end);
        input = end == std::string_view::npos ? std::string_view() : input.substr(end + 1);
        if (text.find_first_not_of(" \t\r") == text.npos) {
            continue;
        }
        try {
            const entry_json line(text);
            const operation_kind kind = parse_kind(line);
            expect_members(kind, line);
            operations.push_back({kind, line, number});
        } catch (const error&) {
            rethrow_with_line(number);
        }
    }
    return operations;
}

value_reader reader_of(const entry_json& line, entry_member which) {
    return [&line, which](value_type stored) { return line.value(which, line.type().value_or(stored)); };
}

amount amount_of(const entry_json& line) {
    return line.has(entry_member::by) ? amount_from_json(line[entry_member::by]) : std::int64_t{1};
}

void run(const operation& what, map_writer map, const std::string& key) {
    const entry_json& line = what.line;
    std::string bytes;
    switch (what.kind) {
    case operation_kind::put: {
        const value_type type = line.append_value(bytes);
        map.put(key, value_view(type, bytes));
        return;
    }
    case operation_kind::del:
        map.erase(key);
        return;
    case operation_kind::incr:
        increase(map, key, amount_of(line), line.type());
        return;
    case operation_kind::cas:
        compare_and_set(map, key, reader_of(line, entry_member::old_value),
                        reader_of(line, entry_member::new_value));
        return;
    }
}

void run(const operation& what, write_transaction& transaction, const settings& given,
         const std::optional<key_type>& asked) {
    const entry_json& line = what.line;
    try {
        const auto named = line.key_type();
        settings at = given;
        at.map = line.map().value_or(given.map);
        const map_writer map = open_map(transaction, at.map, named ? named : asked);
        std::string key;
        line.append_key(key, map.keys());
        naming_key(at, map.keys(), key, [&] { run(what, map, key); });
    } catch (const error&) {
        rethrow_with_line(what.number);
    }
}

/// Makes the store if there is something to be put.
store open_for(const std::vector<operation>& operations, const settings& given) {
    for (const operation& one : operations) {
        if (one.kind == operation_kind::put || one.kind == operation_kind::incr) {
            return open_or_create(given);
        }
    }
    return open_to_write(given);
}

void apply_all(const std::vector<operation>& operations, const settings& given,
               const std::optional<key_type>& keys) {
    store target = open_for(operations, given);
    target.update([&](write_transaction& transaction) {
        for (const operation& one : operations) {
            run(one, transaction, given, keys);
        }
    });
}

exit_status run_apply(invocation& call) {
    std::optional<std::string> keys_name;
    call.line.option("--key-type", "TYPE", keys_name, "the keys of new maps: int, time, ...");
    if (!call.begin(0, 1)) {
        return exit_status::done;
    }
    const auto& words = call.line.words();
    if (words.empty() && !standard_input_is_given()) {
        throw_usage("nothing to apply; name a file, or pipe it in");
    }
    const auto keys = parse_key_type(keys_name);
    const std::string input = read_file(words.empty() ? "-" : words[0]);
    std::uint64_t count = 0;
    try {
        const auto operations = parse_operations(input);
        count = operations.size();
        if (count != 0) {
            apply_all(operations, call.given, keys);
        }
    } catch (const error& failure) {
        throw error(failure.reason(), std::string(failure.what()) + "; nothing was applied");
    }
    call.out.write_number(count);
    call.out.write('\n');
    return exit_status::done;
}

constexpr command this_command{.name = "apply",
                               .alias = "",
                               .arguments = "[FILE]",
                               .summary = "Run a batch of operations, all or none",
                               .details = details,
                               .group = command_group::atomic,
                               .run = run_apply};
const command_registration registration(this_command);

} // namespace

} // namespace holdfast::cli
