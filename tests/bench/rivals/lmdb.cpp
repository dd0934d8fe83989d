// LMDB as a contender, in its fastest mode that survives a crash of the process.
#include <lmdb.h>

#include <cstdio>
#include <cstdlib>

#include "contender.hpp"

namespace rivals {

namespace {

void require(int status) {
    if (status == MDB_SUCCESS) {
        return;
    }
    std::fprintf(stderr, "lmdb: %s\n", mdb_strerror(status));
    std::exit(1);
}

[[nodiscard]] MDB_val to_val(std::string_view bytes) noexcept {
    return {bytes.size(), const_cast<char*>(bytes.data())};
}
[[nodiscard]] std::string_view to_view(const MDB_val& value) noexcept {
    return {static_cast<const char*>(value.mv_data), value.mv_size};
}

class lmdb_contender final : public contender {
public:
    explicit lmdb_contender(const std::filesystem::path& folder) {
        require(mdb_env_create(&environment_));
        require(mdb_env_set_mapsize(environment_, std::size_t{32} << 30));
        require(mdb_env_set_maxreaders(environment_, 2048));
        // NOTLS: a thread may hold several snapshots.
        require(mdb_env_open(environment_, (folder / "bench.mdb").c_str(),
                             MDB_NOSUBDIR | MDB_WRITEMAP | MDB_NOSYNC | MDB_NOMETASYNC | MDB_NOTLS, 0600));
        MDB_txn* transaction = nullptr;
        require(mdb_txn_begin(environment_, nullptr, 0, &transaction));
        require(mdb_dbi_open(transaction, nullptr, 0, &map_));
        require(mdb_txn_commit(transaction));
        require(mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &reader_));
        mdb_txn_reset(reader_);
    }
    ~lmdb_contender() override {
        mdb_txn_abort(reader_);
        mdb_env_close(environment_);
    }

    [[nodiscard]] const char* name() const override { return "lmdb"; }

    void put_batch(const std::vector<key_value>& batch) override {
        MDB_txn* transaction = nullptr;
        require(mdb_txn_begin(environment_, nullptr, 0, &transaction));
        for (const key_value& one : batch) {
            put_in(transaction, one.key, one.value);
        }
        require(mdb_txn_commit(transaction));
    }

    void put(std::string_view key, std::string_view value) override {
        MDB_txn* transaction = nullptr;
        require(mdb_txn_begin(environment_, nullptr, 0, &transaction));
        put_in(transaction, key, value);
        require(mdb_txn_commit(transaction));
    }

    int get(std::string_view key) override {
        require(mdb_txn_renew(reader_));
        const int result = get_in(reader_, key);
        mdb_txn_reset(reader_);
        return result;
    }

    std::int64_t get_in_one(const std::vector<std::string_view>& keys) override {
        require(mdb_txn_renew(reader_));
        std::int64_t sum = 0;
        for (const std::string_view key : keys) {
            sum += get_in(reader_, key);
        }
        mdb_txn_reset(reader_);
        return sum;
    }

    std::uint64_t scan() override {
        require(mdb_txn_renew(reader_));
        MDB_cursor* cursor = nullptr;
        require(mdb_cursor_open(reader_, map_, &cursor));
        MDB_val key{};
        MDB_val value{};
        std::uint64_t entries = 0;
        std::int64_t sum = 0;
        while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == MDB_SUCCESS) {
            sum += touch(to_view(value));
            ++entries;
        }
        mdb_cursor_close(cursor);
        mdb_txn_reset(reader_);
        return sum != 0 ? entries : 0;
    }

    [[nodiscard]] std::shared_ptr<void> hold_snapshot() override {
        MDB_txn* held = nullptr;
        require(mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &held));
        return {held, [](void* transaction) { mdb_txn_abort(static_cast<MDB_txn*>(transaction)); }};
    }

private:
    void put_in(MDB_txn* transaction, std::string_view key, std::string_view value) const {
        MDB_val key_val = to_val(key);
        MDB_val value_val = to_val(value);
        require(mdb_put(transaction, map_, &key_val, &value_val, 0));
    }
    [[nodiscard]] int get_in(MDB_txn* transaction, std::string_view key) const {
        MDB_val key_val = to_val(key);
        MDB_val value{};
        return mdb_get(transaction, map_, &key_val, &value) == MDB_SUCCESS ? touch(to_view(value)) : -1;
    }

    MDB_env* environment_ = nullptr;
    MDB_dbi map_ = 0;
    MDB_txn* reader_ = nullptr;
};

} // namespace

std::unique_ptr<contender> open_lmdb(const std::filesystem::path& folder) {
    return std::make_unique<lmdb_contender>(folder);
}

} // namespace rivals
