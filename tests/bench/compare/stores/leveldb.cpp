// LevelDB with a Bloom filter and a cache as large as the data, as its documentation advises for random look-ups.
#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>

#include "stores/registry.hpp"

namespace compare {

namespace {

constexpr std::size_t cache_bytes_min = std::size_t{64} << 20;
constexpr std::size_t write_buffer_bytes = std::size_t{64} << 20;
constexpr int bits_a_key = 10;

void expect_ok(const leveldb::Status& status) { require(status.ok(), "leveldb: " + status.ToString()); }
[[nodiscard]] leveldb::Slice to_slice(std::string_view bytes) noexcept {
    return {bytes.data(), bytes.size()};
}

class leveldb_session final : public session {
public:
    leveldb_session(leveldb::DB& in, bool durable) : in_(&in) { write_.sync = durable; }

    void get(std::string_view key, std::size_t position, value_check& check) override {
        get({}, key, position, check);
    }
    void get_in_one(std::span<const std::string_view> keys, value_check& check) override {
        leveldb::ReadOptions read;
        read.snapshot = in_->GetSnapshot();
        for (std::size_t i = 0; i < keys.size(); ++i) {
            get(read, keys[i], i, check);
        }
        in_->ReleaseSnapshot(read.snapshot);
    }
    void put(std::string_view key, std::string_view value) override {
        expect_ok(in_->Put(write_, to_slice(key), to_slice(value)));
    }
    void put_batch(std::span<const key_value> batch) override {
        leveldb::WriteBatch all;
        for (const key_value& each : batch) {
            all.Put(to_slice(each.key), to_slice(each.value));
        }
        expect_ok(in_->Write(write_, &all));
    }
    void erase(std::string_view key) override { expect_ok(in_->Delete(write_, to_slice(key))); }

    void scan(value_check& check) override {
        const auto at = iterate();
        for (at->SeekToFirst(); at->Valid(); at->Next()) {
            check.meet({at->value().data(), at->value().size()});
        }
    }
    void scan_reverse(value_check& check) override {
        const auto at = iterate();
        for (at->SeekToLast(); at->Valid(); at->Prev()) {
            check.meet({at->value().data(), at->value().size()});
        }
    }
    void scan_prefix(std::string_view prefix, value_check& check) override {
        const auto at = iterate();
        const leveldb::Slice begin = to_slice(prefix);
        for (at->Seek(begin); at->Valid() && at->key().starts_with(begin); at->Next()) {
            check.meet({at->value().data(), at->value().size()});
        }
    }
    [[nodiscard]] std::shared_ptr<void> hold_snapshot() override {
        const leveldb::Snapshot* held = in_->GetSnapshot();
        return {const_cast<leveldb::Snapshot*>(held), [in = in_](const void* done) {
                    in->ReleaseSnapshot(static_cast<const leveldb::Snapshot*>(done));
                }};
    }

private:
    void get(const leveldb::ReadOptions& read, std::string_view key, std::size_t position,
             value_check& check) {
        if (in_->Get(read, to_slice(key), &found_).ok()) {
            check.take(position, found_);
        }
    }
    [[nodiscard]] std::unique_ptr<leveldb::Iterator> iterate() {
        return std::unique_ptr<leveldb::Iterator>(in_->NewIterator({}));
    }
    leveldb::DB* in_;
    leveldb::WriteOptions write_;
    std::string found_;
};

class leveldb_store final : public store {
public:
    leveldb_store(const std::filesystem::path& folder, const extent& size, access how)
        : filter_(leveldb::NewBloomFilterPolicy(bits_a_key)),
          cache_(leveldb::NewLRUCache(std::max(cache_bytes_min, 2 * size.entries * size.entry_bytes()))),
          durable_(how == access::durable) {
        leveldb::Options options;
        options.create_if_missing = true;
        options.filter_policy = filter_.get();
        options.block_cache = cache_.get();
        options.write_buffer_size = write_buffer_bytes;
        leveldb::DB* opened = nullptr;
        expect_ok(leveldb::DB::Open(options, (folder / "compare.leveldb").string(), &opened));
        in_.reset(opened);
    }
    [[nodiscard]] std::unique_ptr<session> start_session() override {
        return std::make_unique<leveldb_session>(*in_, durable_);
    }
    void settle() override { in_->CompactRange(nullptr, nullptr); }

private:
    std::unique_ptr<const leveldb::FilterPolicy> filter_;
    std::unique_ptr<leveldb::Cache> cache_;
    std::unique_ptr<leveldb::DB> in_;
    bool durable_;
};

class leveldb_driver final : public driver {
public:
    [[nodiscard]] std::string name() const override { return "leveldb"; }
    [[nodiscard]] std::string version() const override {
        return std::to_string(leveldb::kMajorVersion) + "." + std::to_string(leveldb::kMinorVersion);
    }
    [[nodiscard]] abilities can() const override {
        return {.ordered = true, .reverse = true, .snapshots = true, .file = true};
    }
    [[nodiscard]] std::optional<write_mode> mode(bool durable) const override {
        return durable ? write_mode{survives::power_cut, "sync = true"}
                       : write_mode{survives::kill, "default: log without sync"};
    }
    [[nodiscard]] std::unique_ptr<store> open(const std::filesystem::path& folder, const extent& size,
                                              access how) const override {
        return std::make_unique<leveldb_store>(folder, size, how);
    }
};

} // namespace

void add_leveldb(drivers& all) { all.push_back(std::make_unique<leveldb_driver>()); }

} // namespace compare
