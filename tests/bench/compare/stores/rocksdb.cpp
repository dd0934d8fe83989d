// RocksDB, tuned as its guide advises: a Bloom filter, a block cache as large as the data, all cores for compaction.
#include <chrono>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/version.h>
#include <rocksdb/write_batch.h>
#include <thread>

#include "stores/registry.hpp"

namespace compare {

namespace {

constexpr std::size_t cache_bytes_min = std::size_t{64} << 20;
constexpr int bits_a_key = 10;

void expect_ok(const rocksdb::Status& status) { require(status.ok(), "rocksdb: " + status.ToString()); }
[[nodiscard]] rocksdb::Slice to_slice(std::string_view bytes) noexcept {
    return {bytes.data(), bytes.size()};
}

class rocksdb_session final : public session {
public:
    rocksdb_session(rocksdb::DB& in, bool durable) : in_(&in) { write_.sync = durable; }

    void get(std::string_view key, std::size_t position, value_check& check) override {
        take(in_->Get({}, in_->DefaultColumnFamily(), to_slice(key), &found_), position, check);
        found_.Reset();
    }
    void get_in_one(std::span<const std::string_view> keys, value_check& check) override {
        rocksdb::ReadOptions read;
        read.snapshot = in_->GetSnapshot();
        for (std::size_t i = 0; i < keys.size(); ++i) {
            take(in_->Get(read, in_->DefaultColumnFamily(), to_slice(keys[i]), &found_), i, check);
            found_.Reset();
        }
        in_->ReleaseSnapshot(read.snapshot);
    }
    void get_many(std::span<const std::string_view> keys, value_check& check) override {
        slices_.clear();
        for (const std::string_view key : keys) {
            slices_.push_back(to_slice(key));
        }
        std::vector<rocksdb::PinnableSlice> values(keys.size());
        std::vector<rocksdb::Status> statuses(keys.size());
        in_->MultiGet({}, in_->DefaultColumnFamily(), keys.size(), slices_.data(), values.data(),
                      statuses.data());
        for (std::size_t i = 0; i < keys.size(); ++i) {
            if (statuses[i].ok()) {
                check.take(i, {values[i].data(), values[i].size()});
            }
        }
    }
    void put(std::string_view key, std::string_view value) override {
        expect_ok(in_->Put(write_, to_slice(key), to_slice(value)));
    }
    void put_batch(std::span<const key_value> batch) override {
        rocksdb::WriteBatch all;
        for (const key_value& each : batch) {
            expect_ok(all.Put(to_slice(each.key), to_slice(each.value)));
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
        const rocksdb::Slice begin = to_slice(prefix);
        for (at->Seek(begin); at->Valid() && at->key().starts_with(begin); at->Next()) {
            check.meet({at->value().data(), at->value().size()});
        }
    }
    [[nodiscard]] std::shared_ptr<void> hold_snapshot() override {
        const rocksdb::Snapshot* held = in_->GetSnapshot();
        return {const_cast<rocksdb::Snapshot*>(held), [in = in_](const void* done) {
                    in->ReleaseSnapshot(static_cast<const rocksdb::Snapshot*>(done));
                }};
    }

private:
    void take(const rocksdb::Status& status, std::size_t position, value_check& check) {
        if (status.ok()) {
            check.take(position, {found_.data(), found_.size()});
        }
    }
    [[nodiscard]] std::unique_ptr<rocksdb::Iterator> iterate() {
        return std::unique_ptr<rocksdb::Iterator>(in_->NewIterator({}));
    }
    rocksdb::DB* in_;
    rocksdb::WriteOptions write_;
    rocksdb::PinnableSlice found_;
    std::vector<rocksdb::Slice> slices_;
};

class rocksdb_store final : public store {
public:
    rocksdb_store(const std::filesystem::path& folder, const extent& size, access how)
        : durable_(how == access::durable) {
        rocksdb::BlockBasedTableOptions table;
        table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(bits_a_key, false));
        table.block_cache =
            rocksdb::NewLRUCache(std::max(cache_bytes_min, 2 * size.entries * size.entry_bytes()));
        rocksdb::Options options;
        options.create_if_missing = true;
        options.IncreaseParallelism();
        options.OptimizeLevelStyleCompaction();
        options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
        rocksdb::DB* opened = nullptr;
        const std::string path = (folder / "compare.rocksdb").string();
        expect_ok(how == access::read_only ? rocksdb::DB::OpenForReadOnly(options, path, &opened)
                                           : rocksdb::DB::Open(options, path, &opened));
        in_.reset(opened);
    }
    [[nodiscard]] std::unique_ptr<session> start_session() override {
        return std::make_unique<rocksdb_session>(*in_, durable_);
    }
    void sync() override { expect_ok(in_->SyncWAL()); }
    void settle() override {
        expect_ok(in_->Flush({}));
        const auto busy = [&](const std::string& property) {
            std::uint64_t running = 0;
            return in_->GetIntProperty(property, &running) && running != 0;
        };
        while (busy(rocksdb::DB::Properties::kNumRunningCompactions) ||
               busy(rocksdb::DB::Properties::kCompactionPending)) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }

private:
    std::unique_ptr<rocksdb::DB> in_;
    bool durable_;
};

class rocksdb_driver final : public driver {
public:
    [[nodiscard]] std::string name() const override { return "rocksdb"; }
    [[nodiscard]] std::string version() const override {
        return std::to_string(ROCKSDB_MAJOR) + "." + std::to_string(ROCKSDB_MINOR) + "." +
               std::to_string(ROCKSDB_PATCH);
    }
    [[nodiscard]] abilities can() const override {
        return {
            .ordered = true, .reverse = true, .snapshots = true, .readers = true, .file = true, .sync = true};
    }
    [[nodiscard]] std::optional<write_mode> mode(bool durable) const override {
        return durable ? write_mode{survives::power_cut, "sync = true"}
                       : write_mode{survives::kill, "default: log without sync"};
    }
    [[nodiscard]] std::unique_ptr<store> open(const std::filesystem::path& folder, const extent& size,
                                              access how) const override {
        return std::make_unique<rocksdb_store>(folder, size, how);
    }
};

} // namespace

void add_rocksdb(drivers& all) { all.push_back(std::make_unique<rocksdb_driver>()); }

} // namespace compare
