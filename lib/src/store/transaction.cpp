// Write transactions over named maps.
#include <holdfast/transaction.hpp>

#include <utility>

#include <holdfast/error.hpp>

#include "format/record.hpp"
#include "store/map_access.hpp"
#include "store/stored_value.hpp"
#include "store/transaction_state.hpp"
#include "tree/cursor.hpp"
#include "tree/reader.hpp"
#include "value/well_formed.hpp"

namespace holdfast {

void detail::expect_storable(const value_view& given) {
    given.verify();
    const auto number = std::to_string(static_cast<unsigned>(given.type()));
    if (owns_outside(given.type())) {
        throw error(errc::unsupported, "a value of type " + number +
                                           " owns something outside of its bytes, which this program can't "
                                           "copy");
    }
    if (given.type() == value_type::map || given.type() == value_type{}) {
        throw error(errc::invalid_argument, "no value may have the type " + number);
    }
    expect_well_formed(given);
}

namespace {

void expect_key(std::string_view key) {
    if (key.size() > key_size_max) {
        throw error(errc::invalid_argument, "a key of " + std::to_string(key.size()) +
                                                " bytes is too long; the limit is " +
                                                std::to_string(key_size_max));
    }
}

void expect_key(const key_type& keys, std::string_view key) {
    expect_key(key);
    if (!keys.is_string() && !keys.accepts(key)) {
        throw error(errc::invalid_argument, "these are not the bytes of a key of type " + keys.name() +
                                                ", which the map has; open it as a typed map");
    }
}

/// Whether the object of a raw value is to begin at a multiple of more than 16.
[[nodiscard]] bool needs_alignment(value_type type, std::string_view data) {
    if (type != value_type::raw) {
        return false;
    }
    const std::optional<raw_description> described = describe_raw({type, data, 0});
    return described && described->alignment > format::raw_alignment;
}

/// A transaction that can be used. Throws moved_from, forked, transaction_ended.
[[nodiscard]] detail::transaction_state& running(const std::shared_ptr<detail::transaction_state>& state,
                                                 const char* what) {
    detail::transaction_state& held = detail::held_by(state, what);
    held.expect_running(what);
    return held;
}

} // namespace

// --- map_writer -------------------------------------------------------------------------------------------

map_writer::map_writer(std::shared_ptr<detail::transaction_state> transaction,
                       detail::working_map& map) noexcept
    : transaction_(std::move(transaction)), map_(&map), keys_(map.keys()) {}

detail::transaction_state& map_writer::running() const { return holdfast::running(transaction_, "map"); }

put_outcome map_writer::store(std::string_view key, holdfast::value_type type, std::string_view data,
                              const put_options& options) {
    return put_new(key, {.type = type, .bytes = data, .aligned = needs_alignment(type, data)}, options);
}

put_outcome map_writer::put_filled(std::string_view key, holdfast::value_type type, std::uint64_t size,
                                   const std::function<void(std::span<char>)>& fill,
                                   const put_options& options) {
    if (type != holdfast::value_type::string && type != holdfast::value_type::bytes) {
        throw error(errc::invalid_argument, "only strings and bytes are filled in place");
    }
    return put_new(key, {.type = type, .bytes = {}, .fill = &fill, .fill_size = size}, options);
}

put_outcome map_writer::put_new(std::string_view key, const new_value& fresh, const put_options& options) {
    detail::transaction_state& transaction = running();
    if (keys_ != map_->keys()) {
        throw error(errc::wrong_type,
                    "since this map was opened it was dropped, or got another key type; open it "
                    "again");
    }
    expect_key(keys_, key);
    if (fresh.size() > format::value_bytes_max) {
        throw error(errc::invalid_argument,
                    "a value of " + std::to_string(fresh.size()) + " bytes is too long");
    }
    if (options.if_version && version(key).value_or(absent) != *options.if_version) {
        return put_outcome::refused;
    }
    bool inserted = false;
    transaction.change(*map_, false, [&](tree_writer& tree) {
        if (fresh.fill == nullptr) { // before, because key and value may be views of what goes
            transaction.note_put(*map_, key, fresh.type, fresh.aligned, fresh.bytes);
        }
        inserted = tree.put(key, fresh).inserted;
        if (fresh.fill != nullptr) {
            transaction.note_filled(*map_, key, fresh.type);
        }
        return true;
    });
    return inserted ? put_outcome::inserted : put_outcome::replaced;
}

bool map_writer::erase(std::string_view key) {
    detail::transaction_state& transaction = running();
    if (!contains(key)) {
        return false;
    }
    const std::string kept(key); // it may be a view of the entry that goes
    return transaction.change(*map_, true, [&](tree_writer& tree) {
        transaction.note(format::log_action::erase, *map_, kept);
        return tree.erase(kept);
    });
}

map_iterator map_writer::erase(map_iterator at) {
    expect_mine(at);
    const std::string key(at->first);
    erase(key);
    return lower_bound(key);
}

std::uint64_t map_writer::erase_range(std::string_view first, std::string_view last) {
    detail::transaction_state& transaction = running();
    return transaction.change(*map_, true, [&](tree_writer& tree) {
        transaction.note(format::log_action::erase_range, *map_, first, last);
        return tree.erase_range(first, last);
    });
}

std::uint64_t map_writer::erase_prefix(std::string_view prefix) {
    detail::transaction_state& transaction = running();
    return transaction.change(*map_, true, [&](tree_writer& tree) {
        transaction.note(format::log_action::erase_prefix, *map_, prefix);
        return tree.erase_prefix(prefix);
    });
}

void map_writer::clear() {
    detail::transaction_state& transaction = running();
    transaction.change(*map_, true, [&](tree_writer& tree) {
        transaction.note(format::log_action::clear, *map_);
        const bool had_entries = tree.root().entries != 0;
        tree.clear();
        return had_entries;
    });
}

std::optional<value> map_writer::take(std::string_view key) {
    std::optional<value> taken = get(key);
    if (taken) {
        erase(key);
    }
    return taken;
}

std::optional<std::pair<std::string, value>> map_writer::take(map_iterator at) {
    expect_mine(at);
    if (at == end()) {
        return std::nullopt;
    }
    std::optional<std::pair<std::string, value>> taken(*at);
    erase(taken->first);
    return taken;
}

std::optional<value> map_writer::get(std::string_view key) const {
    std::optional<value> copy;
    read(key, [&](const value_view& found) { copy.emplace(found); });
    return copy;
}

void map_writer::read(std::string_view key, const std::function<void(const value_view&)>& use) const {
    const auto found = tree_find(running().view(), map_->root(), key);
    if (found) {
        use(detail::to_view(*found));
    }
}

std::optional<version_number> map_writer::version(std::string_view key) const {
    const auto found = tree_find(running().view(), map_->root(), key);
    return found ? std::optional(raw(found->made)) : std::nullopt;
}

bool map_writer::contains(std::string_view key) const {
    return tree_find(running().view(), map_->root(), key).has_value();
}

std::uint64_t map_writer::size() const {
    static_cast<void>(running());
    return map_->root().entries;
}

detail::map_label map_writer::label() const {
    static_cast<void>(running());
    return map_->label();
}

/// An iterator keeps what stands behind the transaction, so that it can find out that that has ended.
map_iterator map_writer::stand_at(detail::stand where, std::string_view key) const {
    const space_view view = running().view();
    return detail::stand_in(std::shared_ptr<const detail::walked>(transaction_, map_),
                            tree_cursor(view, map_->root()), where, key);
}

map_range map_writer::stretch(map_iterator first, map_iterator last) const {
    return {std::shared_ptr<const detail::walked>(transaction_, map_), std::move(first), std::move(last)};
}

/// Throws stale_iterator, or invalid_argument for an iterator of another map.
void map_writer::expect_mine(const map_iterator& at) const {
    static_cast<void>(running());
    if (detail::map_access::of(at) != map_) {
        throw error(errc::invalid_argument, "the iterator is not of this map of this transaction");
    }
    detail::map_access::expect_current(at);
}

// --- write_transaction ------------------------------------------------------------------------------------

write_transaction::write_transaction(std::shared_ptr<detail::transaction_state> state) noexcept
    : state_(std::move(state)) {}

write_transaction::write_transaction(write_transaction&&) noexcept = default;

write_transaction& write_transaction::operator=(write_transaction&& other) noexcept {
    if (this != &other) {
        end_quietly();
        state_ = std::move(other.state_);
    }
    return *this;
}

write_transaction::~write_transaction() { end_quietly(); }

void write_transaction::end_quietly() noexcept {
    if (state_) {
        state_->abort();
    }
}

detail::transaction_state& write_transaction::running() const {
    return holdfast::running(state_, "write transaction");
}

map_writer write_transaction::map(std::string_view name) & {
    detail::transaction_state& state = running();
    return {state_, state.map(name)};
}

map_writer write_transaction::map_of(const detail::store_state& owner, std::string_view name,
                                     const key_type& keys) {
    running().expect_owner(owner);
    return map(name, keys);
}

map_writer write_transaction::map(std::string_view name, const key_type& keys) & {
    detail::transaction_state& state = running();
    return {state_, state.map(name, keys)};
}

void write_transaction::set_durability(durability level) & { running().set_durability(level); }

std::vector<map_information> write_transaction::maps() const { return running().maps(); }

bool write_transaction::drop(std::string_view name) & { return running().drop(name); }

version_number write_transaction::version() const { return running().version(); }

version_number write_transaction::commit() && {
    if (running().ends_by_update()) {
        throw error(errc::invalid_argument,
                    "update() commits when its function returns; nothing was committed yet");
    }
    return commit_now();
}

version_number write_transaction::commit_now() {
    detail::transaction_state& state = running();
    try {
        return state.commit();
    } catch (...) {
        state.abort();
        throw;
    }
}

void write_transaction::abort() && noexcept { end_quietly(); }

// --- update -----------------------------------------------------------------------------------------------

detail::update_scope::update_scope(write_transaction& transaction) noexcept
    : transaction_(&transaction), state_(transaction.state_) {
    state_->end_by_update_only();
}

detail::update_scope::~update_scope() { state_->abort(); }

void detail::update_scope::commit() {
    if (transaction_->state_ != state_) {
        throw error(errc::moved_from,
                    "the transaction of update() was moved out of it; nothing was committed");
    }
    transaction_->commit_now();
}

} // namespace holdfast
