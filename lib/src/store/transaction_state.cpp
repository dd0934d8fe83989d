// What a write transaction keeps of the maps that it touches, and how it ends.
#include "store/transaction_state.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <holdfast/error.hpp>

#include "format/record.hpp"
#include "transaction/make_room.hpp"
#include "tree/reader.hpp"

namespace holdfast::detail {

map_label working_map::label(map_id) const { return {owner_->path(), name_, keys_}; }

transaction_state::transaction_state(std::shared_ptr<engine> shared, std::chrono::milliseconds timeout,
                                     const std::stop_token& stop)
    : running_(std::in_place, std::move(shared), timeout, stop),
      unnamed_(*this, {}, *running_, running_->before().unnamed, true),
      level_(running_->owner().durable_options().level) {}

catalogue_writer& transaction_state::catalogue() {
    if (!catalogue_) {
        catalogue_.emplace(*running_, running_->before());
    }
    return *catalogue_;
}

working_map& transaction_state::map(std::string_view name) {
    if (name.empty()) {
        return unnamed_;
    }
    if (const auto known = named_.find(name); known != named_.end()) {
        return *known->second;
    }
    if (name.size() > key_size_max) {
        throw error(errc::invalid_argument,
                    "the name of a map is longer than " + std::to_string(key_size_max) + " bytes");
    }
    const auto stored = catalogue().now().find(name);
    const format::map_root before = stored ? *stored : catalogue().new_map();
    const auto added = named_.emplace(
        name, std::make_unique<working_map>(*this, name, *running_, before, stored.has_value()));
    return *added.first->second;
}

working_map& transaction_state::map(std::string_view name, const key_type& keys) {
    working_map& target = map(name);
    if (target.is_untyped()) {
        target.become(keys);
    }
    if (target.keys() != keys) {
        throw_other_keys(target.label(), keys);
    }
    return target;
}

/// Those of the commit before as this transaction leaves them, and its own.
std::vector<map_information> transaction_state::maps() {
    std::map<std::string, map_information> found;
    catalogue().now().for_each([&](std::string_view name, const format::map_root& map) {
        found.emplace(name, map_information{std::string(name), map.entries, map.bytes, keys_of(map)});
    });
    const auto overlay = [&](const std::string& name, const working_map& map) {
        if (map.existed() || map.root().entries != 0) {
            found.insert_or_assign(name,
                                   map_information{name, map.root().entries, map.root().bytes, map.keys()});
        }
    };
    overlay({}, unnamed_);
    for (const auto& [name, map] : named_) {
        overlay(name, *map);
    }
    std::vector<map_information> maps;
    for (auto& [name, map] : found) {
        if (!name.empty() || map.entries != 0) {
            maps.push_back(std::move(map));
        }
    }
    return maps;
}

void transaction_state::begin_change(bool erases) {
    if (failed_) {
        throw error(errc::transaction_failed,
                    "an earlier operation of this transaction failed; it can only be aborted");
    }
    if (!erases) {
        only_erases_ = false;
    }
    running_->allow_reserve(only_erases_);
}

std::uint32_t transaction_state::numbered(operation_log& log, working_map& target) {
    if (target.number() == 0 && !target.name().empty()) {
        target.set_number(log.declare(target.name(), target.before()));
    }
    return target.number();
}

void transaction_state::note_filled(working_map& target, std::string_view key, value_type type) {
    if (running_->operations() != nullptr) {
        note_put(target, key, type, false, tree_find(view(), target.root(), key)->value);
    }
}

bool transaction_state::drop(std::string_view name) {
    working_map& target = map(name);
    const bool was_there = name.empty() ? target.root().entries != 0 : target.existed() || target.changed();
    if (!was_there) {
        return false;
    }
    change(target, true, [&](tree_writer& tree) {
        tree.clear();
        if (!name.empty()) {
            catalogue().erase(name);
        }
        return true;
    });
    note(format::log_action::drop, target);
    if (!name.empty()) {
        target.start_anew(*running_, catalogue().new_map()); // what is put into it afterwards makes a new map
    }
    return true;
}

void transaction_state::write_catalogue(format::commit_slot& next) {
    for (auto& [name, map] : named_) {
        if (!map->changed()) {
            continue;
        }
        if (!map->existed() && map->root().entries == 0) {
            continue; // nothing was ever put into it
        }
        catalogue().put(name, with_tree(map->before(), map->root(), running_->transaction()));
    }
    if (catalogue_ && catalogue_->changed()) {
        catalogue_->store(next);
    }
}

bool transaction_state::has_changes() const noexcept {
    if (unnamed_.changed() || (catalogue_ && catalogue_->changed())) {
        return true;
    }
    return std::any_of(named_.begin(), named_.end(), [](const auto& map) { return map.second->changed(); });
}

version_number transaction_state::commit() {
    if (failed_) {
        throw error(errc::transaction_failed,
                    "an operation of this transaction failed, so it was rolled back");
    }
    if (!has_changes()) {
        const version_number before = running_->before().txn;
        abort();
        return before;
    }
    failed_ = true; // for whoever calls again after an exception
    format::commit_slot next = running_->before();
    if (unnamed_.changed()) {
        next.unnamed = with_tree(next.unnamed, unnamed_.root(), running_->transaction());
    }
    running_->allow_reserve(only_erases_);
    write_catalogue(next);
    const version_number made = version();
    running_->commit(next, level_);
    end();
    return made;
}

void transaction_state::abort() noexcept {
    if (!running_) {
        return;
    }
    const bool here = unnamed_.is_here();
    if (here) {
        running_->abort();
    }
    const std::shared_ptr<engine> short_of_space =
        here && running_->was_short_of_space() ? running_->owner().shared_from_this() : nullptr;
    end();
    if (short_of_space) {
        make_room(short_of_space); // so that the next one does not fail for what this one could not reclaim
    }
}

void transaction_state::end() noexcept {
    unnamed_.note_end();
    for (auto& [name, map] : named_) {
        map->note_end();
    }
    running_.reset();
}

} // namespace holdfast::detail
