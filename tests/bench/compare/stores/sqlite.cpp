// SQLite in WAL mode: a table whose primary key is the key, statements prepared once, the file mapped.
#include <array>
#include <sqlite3.h>

#include "stores/registry.hpp"

namespace compare {

namespace {

constexpr int busy_milliseconds = 30'000;

enum statement : std::size_t {
    get_one,
    put_one,
    erase_one,
    all_up,
    all_down,
    from_key,
    begin,
    begin_write,
    commit,
    statements
};
constexpr std::array<const char*, statements> texts = {
    "SELECT value FROM map WHERE key = ?",
    "INSERT INTO map(key, value) VALUES(?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value",
    "DELETE FROM map WHERE key = ?",
    "SELECT value FROM map ORDER BY key",
    "SELECT value FROM map ORDER BY key DESC",
    "SELECT key, value FROM map WHERE key >= ? ORDER BY key",
    "BEGIN",
    "BEGIN IMMEDIATE",
    "COMMIT",
};

class connection {
public:
    connection(const std::filesystem::path& folder, bool durable) {
        expect(sqlite3_open_v2((folder / "compare.sqlite").c_str(), &in_,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr));
        expect(sqlite3_busy_timeout(in_, busy_milliseconds));
        run("PRAGMA journal_mode = WAL");
        run(durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
        run("PRAGMA mmap_size = 17179869184");
        run("PRAGMA cache_size = -65536");
        run("CREATE TABLE IF NOT EXISTS map(key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID");
        for (std::size_t i = 0; i < statements; ++i) {
            expect(sqlite3_prepare_v3(in_, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &prepared_[i], nullptr));
        }
    }
    ~connection() {
        for (sqlite3_stmt* each : prepared_) {
            sqlite3_finalize(each);
        }
        sqlite3_close(in_);
    }
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    [[nodiscard]] sqlite3_stmt* operator[](statement which) const noexcept { return prepared_[which]; }
    void expect(int status) const {
        require(status == SQLITE_OK || status == SQLITE_DONE || status == SQLITE_ROW,
                std::string("sqlite: ") + sqlite3_errmsg(in_));
    }
    void bind(statement which, int place, std::string_view bytes) const {
        expect(sqlite3_bind_blob64(prepared_[which], place, bytes.data(), bytes.size(), SQLITE_STATIC));
    }
    /// Whether there is a row.
    [[nodiscard]] bool step(statement which) const {
        const int status = sqlite3_step(prepared_[which]);
        expect(status);
        return status == SQLITE_ROW;
    }
    [[nodiscard]] std::string_view column(statement which, int place) const {
        const void* bytes = sqlite3_column_blob(prepared_[which], place);
        return {static_cast<const char*>(bytes),
                static_cast<std::size_t>(sqlite3_column_bytes(prepared_[which], place))};
    }
    void reset(statement which) const { expect(sqlite3_reset(prepared_[which])); }
    void finish(statement which) const {
        static_cast<void>(step(which));
        reset(which);
    }

private:
    void run(const char* text) const { expect(sqlite3_exec(in_, text, nullptr, nullptr, nullptr)); }
    sqlite3* in_ = nullptr;
    std::array<sqlite3_stmt*, statements> prepared_{};
};

class sqlite_session final : public session {
public:
    sqlite_session(const std::filesystem::path& folder, bool durable)
        : folder_(folder), durable_(durable), to_(folder, durable) {}

    void get(std::string_view key, std::size_t position, value_check& check) override {
        to_.bind(get_one, 1, key);
        if (to_.step(get_one)) {
            check.take(position, to_.column(get_one, 0));
        }
        to_.reset(get_one);
    }
    void get_in_one(std::span<const std::string_view> keys, value_check& check) override {
        to_.finish(begin);
        session::get_in_one(keys, check);
        to_.finish(commit);
    }
    void put(std::string_view key, std::string_view value) override {
        to_.bind(put_one, 1, key);
        to_.bind(put_one, 2, value);
        to_.finish(put_one);
    }
    void put_batch(std::span<const key_value> batch) override {
        to_.finish(begin_write);
        for (const key_value& each : batch) {
            put(each.key, each.value);
        }
        to_.finish(commit);
    }
    void erase(std::string_view key) override {
        to_.bind(erase_one, 1, key);
        to_.finish(erase_one);
    }
    void scan(value_check& check) override { walk(all_up, check); }
    void scan_reverse(value_check& check) override { walk(all_down, check); }
    void scan_prefix(std::string_view prefix, value_check& check) override {
        to_.bind(from_key, 1, prefix);
        while (to_.step(from_key) && to_.column(from_key, 0).starts_with(prefix)) {
            check.meet(to_.column(from_key, 1));
        }
        to_.reset(from_key);
    }
    /// A connection of its own in the middle of a transaction that has read.
    [[nodiscard]] std::shared_ptr<void> hold_snapshot() override {
        auto held = std::make_shared<connection>(folder_, durable_);
        held->finish(begin);
        held->bind(get_one, 1, "a key");
        held->finish(get_one);
        return held;
    }

private:
    void walk(statement which, value_check& check) {
        while (to_.step(which)) {
            check.meet(to_.column(which, 0));
        }
        to_.reset(which);
    }
    std::filesystem::path folder_;
    bool durable_;
    connection to_;
};

class sqlite_store final : public store {
public:
    sqlite_store(const std::filesystem::path& folder, bool durable) : folder_(folder), durable_(durable) {}
    [[nodiscard]] std::unique_ptr<session> start_session() override {
        return std::make_unique<sqlite_session>(folder_, durable_);
    }

private:
    std::filesystem::path folder_;
    bool durable_;
};

class sqlite_driver final : public driver {
public:
    [[nodiscard]] std::string name() const override { return "sqlite"; }
    [[nodiscard]] std::string version() const override { return sqlite3_libversion(); }
    [[nodiscard]] abilities can() const override {
        return {.ordered = true,
                .reverse = true,
                .snapshots = true,
                .processes = true,
                .readers = true,
                .file = true};
    }
    [[nodiscard]] std::optional<write_mode> mode(bool durable) const override {
        return durable ? write_mode{survives::power_cut, "WAL, synchronous FULL"}
                       : write_mode{survives::kill, "WAL, synchronous NORMAL"};
    }
    [[nodiscard]] std::unique_ptr<store> open(const std::filesystem::path& folder, const extent&,
                                              access how) const override {
        return std::make_unique<sqlite_store>(folder, how == access::durable);
    }
};

} // namespace

void add_sqlite(drivers& all) { all.push_back(std::make_unique<sqlite_driver>()); }

} // namespace compare
