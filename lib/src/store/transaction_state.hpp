// What stands behind a write transaction and the maps within it.
//
// It outlives its end for as long as a map_writer or an iterator of it does, so that their use is an error and not
// undefined. Once it has ended it holds nothing of the store.
//
// Thread safety: any thread of the process, one at a time. Process safety: in a child of fork() every operation is
// `forked` and the destructor touches nothing.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "store/states.hpp"
#include "transaction/catalogue.hpp"
#include "transaction/running_transaction.hpp"
#include "tree/tree_writer.hpp"

namespace holdfast::detail {

class transaction_state;

/// A map that a write transaction has touched.
class working_map final : public walked {
public:
    working_map(const transaction_state& owner, std::string_view name, space& memory,
                const format::map_root& before, bool existed)
        : owner_(&owner),
          name_(name),
          before_(before),
          keys_(keys_of(before)),
          tree_(memory, committed_root(memory, before)),
          existed_(existed) {}

    [[nodiscard]] map_label label(map_id id) const override;
    [[nodiscard]] map_label label() const { return label(map_id::none); }
    [[nodiscard]] tree_writer& tree() noexcept { return tree_; }
    [[nodiscard]] const tree_root& root() const noexcept { return tree_.root(); }
    [[nodiscard]] const format::map_root& before() const noexcept { return before_; }
    [[nodiscard]] bool existed() const noexcept { return existed_; } ///< in the commit before
    [[nodiscard]] bool changed() const noexcept { return changed_; }
    void set_changed() noexcept { changed_ = true; }
    [[nodiscard]] const key_type& keys() const noexcept { return keys_; }
    /// Whether it is only now being made, and nobody said yet what its keys are.
    [[nodiscard]] bool is_untyped() const noexcept { return !existed_ && !changed_ && !typed_; }
    /// How operations name the map in the redo log; 0: not yet, or it is the unnamed one.
    [[nodiscard]] std::uint32_t number() const noexcept { return number_; }
    void set_number(std::uint32_t number) noexcept { number_ = number; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    void become(const key_type& keys) noexcept {
        set_keys(before_, keys);
        keys_ = keys;
        typed_ = true;
        number_ = 0; // operations that did nothing may have declared it with other keys
    }
    /// As if nobody had ever made it; `fresh` is the map that it would be. What walks it is stale.
    void start_anew(space& memory, const format::map_root& fresh) {
        before_ = fresh;
        keys_ = key_type();
        tree_ = tree_writer(memory, to_tree_root(fresh));
        existed_ = false;
        changed_ = false;
        typed_ = false;
        number_ = 0;
        note_change();
    }

private:
    const transaction_state* owner_;
    std::string name_;
    format::map_root before_;
    key_type keys_;
    tree_writer tree_;
    bool existed_;
    bool changed_ = false;
    bool typed_ = false;
    std::uint32_t number_ = 0;
};

class transaction_state {
public:
    transaction_state(std::shared_ptr<engine> shared, std::chrono::milliseconds timeout,
                      const std::stop_token& stop);
    ~transaction_state() { abort(); }
    transaction_state(const transaction_state&) = delete;
    transaction_state& operator=(const transaction_state&) = delete;

    /// Throws forked, or transaction_ended; `what` is the handle that was used.
    void expect_running(const char* what) const {
        unnamed_.expect_here();
        if (!running_) [[unlikely]] {
            throw_ended(what);
        }
        running_->owner().file().note_writing_thread(); // whoever begins another one on it gets nested_write
    }
    [[nodiscard]] bool has_ended() const noexcept { return !running_; }
    /// Only `store::update` may end it from now on.
    void end_by_update_only() noexcept { ends_by_update_ = true; }
    [[nodiscard]] bool ends_by_update() const noexcept { return ends_by_update_; }

    // --- While it runs ---

    [[nodiscard]] working_map& map(std::string_view name);
    /// The same with keys of that type. Throws wrong_type if it is there with others.
    [[nodiscard]] working_map& map(std::string_view name, const key_type& keys);
    [[nodiscard]] std::vector<map_information> maps();
    bool drop(std::string_view name);
    [[nodiscard]] version_number version() const noexcept { return raw(running_->transaction()); }
    /// How durable its commit will be.
    void set_durability(durability level) noexcept { level_ = level; }
    /// If it throws, nothing was committed and the transaction can only be aborted; unless it has ended, which it has
    /// where only its durability failed.
    version_number commit();

    // What has been done to a map, for the redo log.
    void note_put(working_map& target, std::string_view key, value_type type, bool aligned,
                  std::string_view value) {
        if (operation_log* const log = running_->operations()) [[unlikely]] {
            log->put(numbered(*log, target), key, static_cast<std::uint8_t>(type), aligned, value);
        }
    }
    /// A value that was made where it lies.
    void note_filled(working_map& target, std::string_view key, value_type type);
    void note(format::log_action action, working_map& target, std::string_view key = {},
              std::string_view other = {}) {
        if (operation_log* const log = running_->operations()) [[unlikely]] {
            log->add(action, numbered(*log, target), key, other);
        }
    }

    /// Runs an operation on a map, which returns something that is false if it changed nothing; if it throws, the
    /// transaction can only be aborted.
    template <class Operation>
    auto change(working_map& target, bool erases, Operation&& operation) {
        begin_change(erases);
        try {
            auto result = operation(target.tree());
            if (result) {
                target.set_changed();
                target.note_change();
            }
            return result;
        } catch (...) {
            failed_ = true;
            target.note_change();
            throw;
        }
    }
    [[nodiscard]] space_view view() const noexcept { return running_->view(); }
    [[nodiscard]] std::string path() const { return running_->owner().file().path().string(); }
    /// Throws invalid_argument if that is another store.
    void expect_owner(const store_state& owner) const {
        expect_same(running_->owner(), *owner.shared(), "map");
    }

    /// Undoes everything, unless it has ended. In a child of fork(): nothing.
    void abort() noexcept;

private:
    void begin_change(bool erases);
    [[nodiscard]] static std::uint32_t numbered(operation_log& log, working_map& target);
    [[nodiscard]] catalogue_writer& catalogue();
    void write_catalogue(format::commit_slot& next);
    [[nodiscard]] bool has_changes() const noexcept;
    void end() noexcept;

    std::optional<running_transaction> running_; ///< until it has ended
    working_map unnamed_;
    std::optional<catalogue_writer> catalogue_; ///< once a named map was touched
    std::map<std::string, std::unique_ptr<working_map>, std::less<>> named_;
    durability level_;
    bool only_erases_ = true;
    bool failed_ = false;
    bool ends_by_update_ = false;
};

} // namespace holdfast::detail
