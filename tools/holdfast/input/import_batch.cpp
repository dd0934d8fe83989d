// Putting entries by the thousand.
#include "input/import_batch.hpp"

#include "output/escape.hpp"
#include "program/errors.hpp"

namespace holdfast::cli {

std::size_t import_maps::find(std::string_view name, const std::optional<key_type>& keys) {
    if (last_ >= maps_.size() || maps_[last_].name != name) {
        const auto [found, is_new] = index_.try_emplace(std::string(name), maps_.size());
        if (is_new) {
            maps_.push_back({found->first, keys_of(name, keys)});
        }
        last_ = found->second;
    }
    expect_keys(maps_[last_], keys);
    return last_;
}

key_type import_maps::keys_of(std::string_view name, const std::optional<key_type>& keys) const {
    if (target_) {
        const snapshot now = target_->snapshot();
        if (now.has_map(name)) {
            return now.map(name).keys();
        }
    }
    return name.empty() ? key_type() : keys ? *keys : asked_.value_or(key_type());
}

void import_maps::expect_keys(const map& found, const std::optional<key_type>& keys) const {
    const auto& wanted = keys ? keys : asked_;
    if (wanted && *wanted != found.keys) {
        const std::string name = found.name.empty() ? "the unnamed map" : "map " + in_quotes(found.name);
        throw error(errc::wrong_type,
                    name + " has keys of type " + found.keys.name() + ", not " + wanted->name());
    }
}

void import_batch::put_into(write_transaction& transaction, const import_maps& maps) {
    std::optional<map_writer> writer;
    std::size_t map = 0;
    for (const waiting& one : entries_) {
        try {
            if (!writer || one.map != map) {
                map = one.map;
                writer = transaction.map(maps[map].name, maps[map].keys);
            }
            put(*writer, one);
        } catch (const error&) {
            rethrow_with_line(one.line);
        }
    }
    bytes_.clear();
    entries_.clear();
}

void import_batch::put(map_writer map, const waiting& one) const {
    const std::string_view all(bytes_);
    map.put(all.substr(one.key_at, one.value_at - one.key_at),
            value_view(one.type, all.substr(one.value_at, one.end - one.value_at)));
}

void rethrow_with_line(std::uint64_t line) {
    try {
        throw;
    } catch (const error& failure) {
        throw error(failure.reason(), "line " + std::to_string(line) + ": " + failure.what());
    }
}

} // namespace holdfast::cli
