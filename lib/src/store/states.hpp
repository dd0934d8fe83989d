// What stands behind the public handles.
//
// Thread safety: as that of the handles that own them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <holdfast/store.hpp>

#include "transaction/engine.hpp"
#include "transaction/map_keys.hpp"
#include "transaction/writer.hpp"
#include "tree/cursor.hpp"
#include "tree/writer.hpp"

namespace holdfast::detail {

class store_state {
public:
    store_state(std::shared_ptr<engine> shared, const open_options& options) noexcept
        : engine_(std::move(shared)), options_(options) {}
    [[nodiscard]] const std::shared_ptr<engine>& shared() const noexcept { return engine_; }
    [[nodiscard]] const open_options& options() const noexcept { return options_; }

private:
    std::shared_ptr<engine> engine_;
    open_options options_;
};

/// nullopt: there is no such map. The unnamed map always is.
[[nodiscard]] inline std::optional<format::map_root> find_map_in(const commit_state& commit,
                                                                 std::string_view name) {
    if (name.empty())
        return commit.slot.unnamed;
    return find_map(commit.view, commit.catalogue(), name);
}

/// A map of one store means nothing to another.
inline void expect_same(engine& here, engine& there) {
    if (&here.file() != &there.file()) {
        throw error(errc::invalid_argument, "the map is of the store " + there.file().path().string() +
                                                ", not of " + here.file().path().string());
    }
}

/// A pinned commit.
class snapshot_state {
public:
    explicit snapshot_state(std::shared_ptr<engine> shared)
        : engine_(std::move(shared)), pin_(engine_->pin_newest()) {}
    ~snapshot_state() { engine_->unpin(pin_); }
    snapshot_state(const snapshot_state&) = delete;
    snapshot_state& operator=(const snapshot_state&) = delete;

    [[nodiscard]] const commit_state& commit() const noexcept { return pin_.state; }
    [[nodiscard]] const space_view& view() const noexcept { return pin_.state.view; }
    /// Throws invalid_argument if that is another store.
    void expect_owner(const store_state& owner) const { expect_same(*engine_, *owner.shared()); }
    /// nullopt: there is no such map. The unnamed map always is.
    [[nodiscard]] std::optional<format::map_root> find(std::string_view name) const {
        return find_map_in(commit(), name);
    }

private:
    std::shared_ptr<engine> engine_;
    engine::pin pin_;
};

/// A map that a write transaction has touched.
class working_map {
public:
    working_map(space& memory, const format::map_root& before, bool existed)
        : before_(before),
          keys_(keys_of(before)),
          tree_(memory, committed_root(memory, before)),
          existed_(existed) {}

    [[nodiscard]] tree_writer& tree() noexcept { return tree_; }
    [[nodiscard]] const tree_root& root() const noexcept { return tree_.root(); }
    [[nodiscard]] const format::map_root& before() const noexcept { return before_; }
    [[nodiscard]] bool existed() const noexcept { return existed_; } ///< in the commit before
    [[nodiscard]] bool changed() const noexcept { return changed_; }
    void note_change() noexcept { changed_ = true; }
    [[nodiscard]] const key_type& keys() const noexcept { return keys_; }
    /// Whether it is only now being made, and nobody said yet what its keys are.
    [[nodiscard]] bool is_untyped() const noexcept { return !existed_ && !changed_ && !typed_; }
    void become(const key_type& keys) noexcept {
        set_keys(before_, keys);
        keys_ = keys;
        typed_ = true;
    }

private:
    /// A damaged root that claims to be of the running transaction would be changed in place.
    [[nodiscard]] static tree_root committed_root(const space& memory, const format::map_root& before) {
        const tree_root root = to_tree_root(before);
        if (root.root && memory.view().at<format::node_header>(root.root).made >= raw(memory.transaction())) {
            throw_corrupt("the root of a map is newer than its commit", root.root);
        }
        return root;
    }

    format::map_root before_;
    key_type keys_;
    tree_writer tree_;
    bool existed_;
    bool changed_ = false;
    bool typed_ = false;
};

class transaction_state {
public:
    transaction_state(std::shared_ptr<engine> shared, std::chrono::milliseconds timeout);

    [[nodiscard]] working_map& map(std::string_view name);
    /// The same with keys of that type. Throws wrong_type if it is there with others.
    [[nodiscard]] working_map& map(std::string_view name, const key_type& keys);
    bool drop(std::string_view name);
    [[nodiscard]] version_number version() const noexcept { return raw(writer_.transaction()); }
    version_number commit();
    void abort() noexcept;

    /// Runs an operation on a map, which returns something that is false if it changed nothing; if it throws, the
    /// transaction can only be aborted.
    template <class Operation>
    auto change(working_map& target, bool erases, Operation&& operation) {
        begin_change(erases);
        try {
            auto result = operation(target.tree());
            if (result)
                target.note_change();
            return result;
        } catch (...) {
            failed_ = true;
            throw;
        }
    }
    [[nodiscard]] space_view view() const noexcept { return writer_.view(); }
    /// Throws invalid_argument if that is another store.
    void expect_owner(const store_state& owner) const { expect_same(writer_.owner(), *owner.shared()); }

private:
    void begin_change(bool erases);
    void write_catalogue(format::commit_slot& next);

    writer writer_;
    working_map unnamed_;
    working_map catalogue_;
    std::map<std::string, std::unique_ptr<working_map>, std::less<>> named_;
    std::uint64_t next_map_id_;
    bool only_erases_ = true;
    bool failed_ = false;
};

/// Makes the public view types from the tree's.
[[nodiscard]] inline value_view to_view(const record_view& record) noexcept {
    return {record.type, record.value, raw(record.made)};
}

} // namespace holdfast::detail
