// Write transactions over named maps.
#include <holdfast/transaction.hpp>

#include <utility>

#include <holdfast/error.hpp>

#include "document/check_value.hpp"
#include "format/record.hpp"
#include "store/states.hpp"
#include "tree/reader.hpp"

namespace holdfast {

namespace detail {

transaction_state::transaction_state(std::shared_ptr<engine> shared, std::chrono::milliseconds timeout)
    : writer_(std::move(shared), timeout),
      unnamed_(writer_, writer_.before().unnamed, true),
      catalogue_(writer_, writer_.before().catalogue, true),
      next_map_id_(writer_.before().next_map_id) {}

working_map& transaction_state::map(std::string_view name) {
    if (name.empty())
        return unnamed_;
    if (const auto known = named_.find(name); known != named_.end())
        return *known->second;
    if (name.size() > key_size_max) {
        throw error(errc::invalid_argument,
                    "the name of a map is longer than " + std::to_string(key_size_max) + " bytes");
    }
    const auto stored = find_map(writer_.view(), catalogue_.root(), name);
    format::map_root before{};
    set_keys(before, key_type());
    if (stored)
        before = *stored;
    const auto added =
        named_.emplace(name, std::make_unique<working_map>(writer_, before, stored.has_value()));
    return *added.first->second;
}

working_map& transaction_state::map(std::string_view name, const key_type& keys) {
    working_map& target = map(name);
    if (target.is_untyped())
        target.become(keys);
    expect_keys(name, target.keys(), keys);
    return target;
}

void transaction_state::begin_change(bool erases) {
    if (failed_) {
        throw error(errc::transaction_failed,
                    "an earlier operation of this transaction failed; it can only be aborted");
    }
    if (!erases)
        only_erases_ = false;
    writer_.allow_reserve(only_erases_);
}

bool transaction_state::drop(std::string_view name) {
    working_map& target = map(name);
    const bool was_there = name.empty() ? target.root().entries != 0 : target.existed() || target.changed();
    if (!was_there)
        return false;
    change(target, true, [](tree_writer& tree) {
        tree.clear();
        return true;
    });
    if (name.empty())
        return true;
    change(catalogue_, true, [&](tree_writer& tree) { return tree.erase(name); });
    // What is put into it afterwards makes a new map.
    format::map_root fresh{};
    set_keys(fresh, key_type());
    *named_.find(name)->second = working_map(writer_, fresh, false);
    return true;
}

void transaction_state::write_catalogue(format::commit_slot& next) {
    for (auto& [name, map] : named_) {
        if (!map->changed())
            continue;
        if (!map->existed() && map->root().entries == 0)
            continue; // nothing was ever put into it
        format::map_root root = with_tree(map->before(), map->root(), writer_.transaction());
        if (root.id == 0)
            root.id = static_cast<std::uint32_t>(next_map_id_++);
        const std::string_view bytes(reinterpret_cast<const char*>(&root), sizeof root);
        change(catalogue_, true, [&, &key = name](tree_writer& tree) { // Clang captures no structured binding
            tree.put(key, {format::value_type::map, bytes});
            return true;
        });
    }
    next.catalogue = with_tree(next.catalogue, catalogue_.root(), writer_.transaction());
    next.next_map_id = next_map_id_;
}

version_number transaction_state::commit() {
    if (failed_) {
        throw error(errc::transaction_failed,
                    "an operation of this transaction failed, so it was rolled back");
    }
    const bool changed = unnamed_.changed() || catalogue_.changed();
    bool named_changed = false;
    for (const auto& [name, map] : named_)
        named_changed |= map->changed();
    if (!changed && !named_changed) {
        writer_.abort();
        return writer_.before().txn;
    }
    format::commit_slot next = writer_.before();
    if (unnamed_.changed())
        next.unnamed = with_tree(next.unnamed, unnamed_.root(), writer_.transaction());
    if (named_changed || catalogue_.changed())
        write_catalogue(next);
    writer_.allow_reserve(only_erases_);
    writer_.commit(next);
    return version();
}

void transaction_state::abort() noexcept { writer_.abort(); }

} // namespace detail

namespace {

void check_key(std::string_view key) {
    if (key.size() > key_size_max) {
        throw error(errc::invalid_argument, "a key of " + std::to_string(key.size()) +
                                                " bytes is too long; the limit is " +
                                                std::to_string(key_size_max));
    }
}

void check_key(const key_type& keys, std::string_view key) {
    check_key(key);
    if (!keys.is_string() && !keys.accepts(key)) {
        throw error(errc::invalid_argument, "these are not the bytes of a key of type " + keys.name() +
                                                ", which the map has; open it as a typed map");
    }
}

void check_type(value_type type) {
    if (type < value_type::null || type > value_type::raw) {
        throw error(errc::invalid_argument,
                    "no value may have the type " + std::to_string(static_cast<unsigned>(type)));
    }
}

[[nodiscard]] detail::transaction_state& running(const std::unique_ptr<detail::transaction_state>& state) {
    if (!state)
        throw error(errc::transaction_failed, "the transaction has ended; begin another one");
    return *state;
}

} // namespace

// --- map_writer -------------------------------------------------------------------------------------------

map_writer::map_writer(detail::transaction_state& transaction, detail::working_map& map) noexcept
    : transaction_(&transaction), map_(&map), keys_(map.keys()) {}

void map_writer::put(std::string_view key, value_type type, std::string_view data) {
    check_type(type);
    check_value({type, data, 0});
    put_checked(key, type, data);
}

void map_writer::put_checked(std::string_view key, value_type type, std::string_view data) {
    if (keys_ != map_->keys()) {
        throw error(errc::wrong_type,
                    "since this map was opened it was dropped, or got another key type; open it "
                    "again");
    }
    check_key(keys_, key);
    if (data.size() > format::value_bytes_max) {
        throw error(errc::invalid_argument,
                    "a value of " + std::to_string(data.size()) + " bytes is too long");
    }
    transaction_->change(*map_, false, [&](tree_writer& tree) {
        tree.put(key, {type, data});
        return true;
    });
}

bool map_writer::erase(std::string_view key) {
    if (!contains(key))
        return false;
    return transaction_->change(*map_, true, [&](tree_writer& tree) { return tree.erase(key); });
}

std::uint64_t map_writer::erase_prefix(std::string_view prefix) {
    return transaction_->change(*map_, true, [&](tree_writer& tree) { return tree.erase_prefix(prefix); });
}

void map_writer::clear() {
    transaction_->change(*map_, true, [](tree_writer& tree) {
        const bool had_entries = tree.root().entries != 0;
        tree.clear();
        return had_entries;
    });
}

std::optional<value> map_writer::get(std::string_view key) const {
    std::optional<value> copy;
    read(key, [&](const value_view& found) { copy.emplace(found); });
    return copy;
}

void map_writer::read(std::string_view key, const std::function<void(const value_view&)>& use) const {
    const auto found = tree_find(transaction_->view(), map_->root(), key);
    if (found)
        use(detail::to_view(*found));
}

std::optional<version_number> map_writer::version(std::string_view key) const {
    const auto found = tree_find(transaction_->view(), map_->root(), key);
    return found ? std::optional(raw(found->made)) : std::nullopt;
}

bool map_writer::contains(std::string_view key) const {
    return tree_find(transaction_->view(), map_->root(), key).has_value();
}

std::uint64_t map_writer::size() const noexcept { return map_->root().entries; }

// --- write_transaction ------------------------------------------------------------------------------------

write_transaction::write_transaction(std::unique_ptr<detail::transaction_state> state) noexcept
    : state_(std::move(state)) {}
write_transaction::write_transaction(write_transaction&&) noexcept = default;
write_transaction& write_transaction::operator=(write_transaction&&) noexcept = default;
write_transaction::~write_transaction() = default;

map_writer write_transaction::map(std::string_view name) {
    detail::transaction_state& state = running(state_);
    return {state, state.map(name)};
}

map_writer write_transaction::map_of(const detail::store_state& owner, std::string_view name,
                                     const key_type& keys) {
    running(state_).expect_owner(owner);
    return map(name, keys);
}

map_writer write_transaction::map(std::string_view name, const key_type& keys) {
    detail::transaction_state& state = running(state_);
    return {state, state.map(name, keys)};
}

bool write_transaction::drop(std::string_view name) { return running(state_).drop(name); }

version_number write_transaction::version() const noexcept { return state_->version(); }

version_number write_transaction::commit() && {
    const std::unique_ptr<detail::transaction_state> ended = std::move(state_);
    return running(ended).commit();
}

void write_transaction::abort() && noexcept { state_.reset(); }

} // namespace holdfast
