// holdfast apply: a batch of operations in one transaction.
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <holdfast/store.hpp>

#include "command.hpp"
#include "entry_line.hpp"
#include "escape.hpp"
#include "import_batch.hpp"
#include "input.hpp"
#include "json_text.hpp"
#include "key_text.hpp"
#include "line_fields.hpp"
#include "operations.hpp"
#include "value_input.hpp"

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
    line_fields line;
    std::uint64_t number;
};

operation_kind parse_kind(const line_fields& line) {
    using names = std::initializer_list<std::pair<std::string_view, operation_kind>>;
    const std::string name = line.text(field::op);
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
void check_members(operation_kind kind, const line_fields& line) {
    using fields = std::initializer_list<field>;
    const auto refuse = [&](fields foreign) {
        for (const field which : foreign) {
            if (line.has(which)) {
                throw_usage("the operation has no use for " + in_quotes(name_of(which)));
            }
        }
    };
    if (kind != operation_kind::put) {
        refuse({field::value, field::document_type, field::cbor_base64, field::bits});
    }
    if (kind != operation_kind::incr) {
        refuse({field::by});
    }
    if (kind == operation_kind::cas) {
        static_cast<void>(line.required(field::old_value));
        static_cast<void>(line.required(field::new_value));
    } else {
        refuse({field::old_value, field::new_value});
    }
    if (kind == operation_kind::del) {
        refuse({field::type});
    }
}

std::vector<operation> parse_operations(std::string_view input) {
    std::vector<operation> operations;
    for (std::uint64_t number = 1; !input.empty(); ++number) {
        const std::size_t end = input.find('\n');
        const std::string_view text = input.substr(0, end);
        input = end == std::string_view::npos ? std::string_view() : input.substr(end + 1);
        if (trimmed(text).empty()) {
            continue;
        }
        try {
            const line_fields line(text);
            const operation_kind kind = parse_kind(line);
            check_members(kind, line);
            operations.push_back({kind, line, number});
        } catch (const error&) {
            rethrow_with_line(number);
        }
    }
    return operations;
}

value_reader reader_of(const line_fields& line, field which) {
    return [&line, which](value_type stored) {
        std::string bytes;
        const auto type = line.read(which, [&](std::string_view json) {
            return append_value_from_json(bytes, json, line.type().value_or(stored));
        });
        return value(type, std::move(bytes), 0);
    };
}

amount amount_of(const line_fields& line) {
    if (!line.has(field::by)) {
        return std::int64_t{1};
    }
    const std::string_view json = line[field::by];
    if (!is_json_number(json)) {
        throw_usage("\"by\" is " + shown_json(json) + "; a number is expected");
    }
    return parse_amount(json);
}

void run(const operation& what, map_writer map, const std::string& key, const std::string& shown_key) {
    const line_fields& line = what.line;
    std::string bytes;
    switch (what.kind) {
    case operation_kind::put: {
        const value_type type = append_value(bytes, line);
        map.put(key, type, bytes);
        return;
    }
    case operation_kind::del:
        map.erase(key);
        return;
    case operation_kind::incr:
        increase(map, key, amount_of(line), line.type());
        return;
    case operation_kind::cas:
        compare_and_set(map, key, shown_key, reader_of(line, field::old_value),
                        reader_of(line, field::new_value));
        return;
    }
}

void run(const operation& what, write_transaction& transaction, const settings& given,
         const std::optional<key_type>& asked) {
    const line_fields& line = what.line;
    try {
        const auto keys =
            line.has(field::key_type) ? std::optional(key_type::parse(line.text(field::key_type))) : asked;
        const map_writer map = open_map(transaction, line.map().value_or(given.map), keys);
        std::string key;
        append_key(key, map.keys(), line);
        run(what, map, key, map.keys().is_string() ? key : map.keys().to_text(key));
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
    const input_bytes input = read_file(words.empty() ? "-" : words[0]);
    std::uint64_t count = 0;
    try {
        const auto operations = parse_operations(input.view());
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

} // namespace

constinit const command apply_command{"apply", "",       "[FILE]", "Run a batch of operations, all or none",
                                      details, run_apply};

} // namespace holdfast::cli
