// What stands behind the public handles that read; transaction_state.hpp has what stands behind those that write.
//
// Thread safety: as that of the handles that own them.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <holdfast/store.hpp>

#include "os/system.hpp"
#include "store/misuse.hpp"
#include "store/walked.hpp"
#include "transaction/engine.hpp"
#include "transaction/held_commit.hpp"
#include "tree/cursor.hpp"

namespace holdfast::detail {

/// What the copies of a handle, and its typed maps, share.
class store_state {
public:
    store_state(std::shared_ptr<engine> shared, const open_options& options)
        : engine_(std::move(shared)), options_(options) {
        for (std::shared_ptr<engine>& one : leases_) {
            const auto counted = std::make_shared<engine_lease>(engine_);
            one = {counted, engine_.get()};
        }
    }
    /// Throws closed.
    [[nodiscard]] const std::shared_ptr<engine>& shared() const {
        if (!engine_) [[unlikely]] {
            throw_closed(closed_path_);
        }
        return engine_;
    }
    /// The same, counted apart for the calling thread: snapshots of threads that count on one word would wait for each
    /// other. Throws closed.
    [[nodiscard]] const std::shared_ptr<engine>& lease() const {
        static_cast<void>(shared());
        return leases_[os::thread_number() % leases_.size()];
    }
    /// Throws closed.
    [[nodiscard]] const open_options& options() const {
        static_cast<void>(shared());
        return options_;
    }
    /// Every other call throws `closed` from now on, this one included. Throws what closing could not do; and forked,
    /// and then nothing is closed.
    void close();
    [[nodiscard]] map_label label(std::string_view map, const key_type& keys) const {
        return {shared()->file().path().string(), std::string(map), keys};
    }

private:
    /// What a lease counts on, on a cache line of its own.
    struct alignas(64) engine_lease {
        explicit engine_lease(std::shared_ptr<engine> held) noexcept : owner(std::move(held)) {}
        std::shared_ptr<engine> owner;
    };

    std::shared_ptr<engine> engine_; ///< null once it was closed
    std::array<std::shared_ptr<engine>, 16> leases_;
    open_options options_;
    std::string closed_path_; ///< for messages
};

/// Throws wrong_type if the map that was found has other keys than those asked for.
inline void expect_keys(const store_state& owner, std::string_view map, const key_type& found,
                        const key_type& asked) {
    if (found != asked) {
        throw_other_keys(owner.label(map, found), asked);
    }
}

/// What is of one store means nothing to another.
inline void expect_same(engine& here, engine& there, std::string_view what) {
    if (&here.file() != &there.file()) {
        throw error(errc::invalid_argument, "the " + std::string(what) + " is of the store " +
                                                there.file().path().string() + ", not of " +
                                                here.file().path().string());
    }
}

/// What a snapshot and its views share.
class snapshot_state : public walked {
public:
    explicit snapshot_state(std::shared_ptr<const held_commit> held) noexcept : held_(std::move(held)) {}

    [[nodiscard]] const commit_state& commit() const noexcept { return held_->state(); }
    [[nodiscard]] const space_view& view() const noexcept { return commit().view; }
    /// Throws invalid_argument if that is another store.
    void expect_owner(const store_state& owner) const { expect_same(held_->owner(), *owner.shared(), "map"); }
    void expect_same_store(const snapshot_state& other) const {
        expect_same(held_->owner(), other.held_->owner(), "older snapshot");
    }
    /// nullopt: there is no such map. The unnamed map always is.
    [[nodiscard]] std::optional<format::map_root> find(std::string_view name) const {
        expect_here();
        return commit().find(name);
    }
    [[nodiscard]] map_label label(map_id id) const override {
        map_label found{path(), {}, {}};
        commit().named().for_each([&](std::string_view name, const format::map_root& map) {
            if (map.id != raw(id)) {
                return;
            }
            found.map = name;
            found.keys = keys_of(map);
        });
        return found;
    }
    void expect_keys(std::string_view map, const key_type& found, const key_type& asked) const {
        if (found != asked) {
            throw_other_keys({path(), std::string(map), found}, asked);
        }
    }

private:
    [[nodiscard]] std::string path() const { return held_->owner().file().path().string(); }

    std::shared_ptr<const held_commit> held_;
};

} // namespace holdfast::detail
