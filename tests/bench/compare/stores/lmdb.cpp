// LMDB: as it is by default, where every commit is durable, and with WRITEMAP and NOSYNC, where a kill loses nothing.
#include <lmdb.h>

#include <mutex>

#include "stores/registry.hpp"

namespace compare {

namespace {

constexpr std::size_t map_bytes = std::size_t{64} << 30;
constexpr unsigned readers_max = 2048;

void expect_ok(int status) { require(status == MDB_SUCCESS, std::string("lmdb: ") + mdb_strerror(status)); }
[[nodiscard]] MDB_val to_val(std::string_view bytes) noexcept {
    return {bytes.size(), const_cast<char*>(bytes.data())};
}
[[nodiscard]] std::string_view to_view(const MDB_val& value) noexcept {
    return {static_cast<const char*>(value.mv_data), value.mv_size};
}

class lmdb_session final : public session {
public:
    lmdb_session(MDB_env* environment, MDB_dbi map) : environment_(environment), map_(map) {
        // One read transaction that is renewed: what LMDB's documentation advises for speed.
        expect_ok(mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &reader_));
        mdb_txn_reset(reader_);
    }
    ~lmdb_session() override { mdb_txn_abort(reader_); }

    void get(std::string_view key, std::size_t position, value_check& check) override {
        get_in_one({&key, 1}, position, check);
    }
    void get_in_one(std::span<const std::string_view> keys, value_check& check) override {
        get_in_one(keys, 0, check);
    }
    void put(std::string_view key, std::string_view value) override {
        write([&](MDB_txn* transaction) { put_in(transaction, map_, key, value); });
    }
    void put_batch(std::span<const key_value> batch) override {
        write([&](MDB_txn* transaction) {
            for (const key_value& each : batch) {
                put_in(transaction, map_, each.key, each.value);
            }
        });
    }
    void erase(std::string_view key) override {
        write([&](MDB_txn* transaction) {
            MDB_val wanted = to_val(key);
            expect_ok(mdb_del(transaction, map_, &wanted, nullptr));
        });
    }
    void scan(value_check& check) override {
        walk([&](MDB_cursor* cursor, MDB_val& key, MDB_val& value) {
            while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == MDB_SUCCESS) {
                check.meet(to_view(value));
            }
        });
    }
    void scan_reverse(value_check& check) override {
        walk([&](MDB_cursor* cursor, MDB_val& key, MDB_val& value) {
            while (mdb_cursor_get(cursor, &key, &value, MDB_PREV) == MDB_SUCCESS) {
                check.meet(to_view(value));
            }
        });
    }
    void scan_prefix(std::string_view prefix, value_check& check) override {
        walk([&](MDB_cursor* cursor, MDB_val& key, MDB_val& value) {
            key = to_val(prefix);
            for (int status = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
                 status == MDB_SUCCESS && to_view(key).starts_with(prefix);
                 status = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
                check.meet(to_view(value));
            }
        });
    }
    [[nodiscard]] std::shared_ptr<void> hold_snapshot() override {
        MDB_txn* held = nullptr;
        expect_ok(mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &held));
        return {held, [](void* transaction) { mdb_txn_abort(static_cast<MDB_txn*>(transaction)); }};
    }

private:
    void get_in_one(std::span<const std::string_view> keys, std::size_t position, value_check& check) {
        expect_ok(mdb_txn_renew(reader_));
        for (std::size_t i = 0; i < keys.size(); ++i) {
            MDB_val wanted = to_val(keys[i]);
            MDB_val found{};
            if (mdb_get(reader_, map_, &wanted, &found) == MDB_SUCCESS) {
                check.take(position + i, to_view(found));
            }
        }
        mdb_txn_reset(reader_);
    }
    template <class Change>
    void write(Change&& change) {
        MDB_txn* transaction = nullptr;
        expect_ok(mdb_txn_begin(environment_, nullptr, 0, &transaction));
        change(transaction);
        expect_ok(mdb_txn_commit(transaction));
    }
    static void put_in(MDB_txn* transaction, MDB_dbi map, std::string_view key, std::string_view value) {
        MDB_val key_val = to_val(key);
        MDB_val value_val = to_val(value);
        expect_ok(mdb_put(transaction, map, &key_val, &value_val, 0));
    }
    template <class Walk>
    void walk(Walk&& through) {
        expect_ok(mdb_txn_renew(reader_));
        MDB_cursor* cursor = nullptr;
        expect_ok(mdb_cursor_open(reader_, map_, &cursor));
        MDB_val key{};
        MDB_val value{};
        through(cursor, key, value);
        mdb_cursor_close(cursor);
        mdb_txn_reset(reader_);
    }

    MDB_env* environment_;
    MDB_dbi map_;
    MDB_txn* reader_ = nullptr;
};

class lmdb_store final : public store {
public:
    lmdb_store(const std::filesystem::path& folder, unsigned flags) {
        expect_ok(mdb_env_create(&environment_));
        expect_ok(mdb_env_set_mapsize(environment_, map_bytes));
        expect_ok(mdb_env_set_maxreaders(environment_, readers_max));
        expect_ok(mdb_env_set_maxdbs(environment_, 2));
        // NOTLS: a thread may hold several snapshots.
        expect_ok(mdb_env_open(environment_, (folder / "compare.mdb").c_str(),
                               MDB_NOSUBDIR | MDB_NOTLS | flags, 0600));
    }
    ~lmdb_store() override { mdb_env_close(environment_); }
    [[nodiscard]] std::unique_ptr<session> start_session() override {
        return std::make_unique<lmdb_session>(environment_, map_named(nullptr));
    }
    [[nodiscard]] std::unique_ptr<session> start_named_session() override {
        return std::make_unique<lmdb_session>(environment_, map_named("named"));
    }
    void sync() override { expect_ok(mdb_env_sync(environment_, 1)); }

private:
    [[nodiscard]] MDB_dbi map_named(const char* name) {
        const std::lock_guard alone(opening_);
        MDB_dbi map = 0;
        MDB_txn* transaction = nullptr;
        expect_ok(
            mdb_txn_begin(environment_, nullptr, name == nullptr ? unsigned{MDB_RDONLY} : 0U, &transaction));
        expect_ok(mdb_dbi_open(transaction, name, name == nullptr ? 0 : MDB_CREATE, &map));
        expect_ok(mdb_txn_commit(transaction));
        return map;
    }
    MDB_env* environment_ = nullptr;
    std::mutex opening_;
};

class lmdb_driver final : public driver {
public:
    explicit lmdb_driver(bool syncs) : syncs_(syncs) {}
    [[nodiscard]] std::string name() const override { return syncs_ ? "lmdb" : "lmdb-nosync"; }
    [[nodiscard]] std::string version() const override {
        return std::to_string(MDB_VERSION_MAJOR) + "." + std::to_string(MDB_VERSION_MINOR) + "." +
               std::to_string(MDB_VERSION_PATCH);
    }
    [[nodiscard]] abilities can() const override {
        return {.ordered = true,
                .reverse = true,
                .snapshots = true,
                .processes = true,
                .readers = true,
                .file = true,
                .named_maps = true,
                .sync = true};
    }
    [[nodiscard]] std::optional<write_mode> mode(bool durable) const override {
        if (syncs_) {
            return write_mode{survives::power_cut, "default"};
        }
        return durable ? std::nullopt : std::optional(write_mode{survives::kill, "WRITEMAP|NOSYNC"});
    }
    [[nodiscard]] std::unique_ptr<store> open(const std::filesystem::path& folder, const extent&,
                                              access) const override {
        return std::make_unique<lmdb_store>(folder, syncs_ ? 0U : unsigned{MDB_WRITEMAP | MDB_NOSYNC});
    }

private:
    bool syncs_;
};

} // namespace

void add_lmdb(drivers& all) {
    all.push_back(std::make_unique<lmdb_driver>(false));
    all.push_back(std::make_unique<lmdb_driver>(true));
}

} // namespace compare
