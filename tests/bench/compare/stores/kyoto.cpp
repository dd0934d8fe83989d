// Kyoto Cabinet's hash table, in one process that writes, with as many buckets as entries, and all of it mapped.
#include <kchashdb.h>

#include "stores/registry.hpp"

namespace compare {

namespace {

constexpr std::uint64_t mapped_bytes_min = std::uint64_t{64} << 20;
constexpr std::uint64_t bytes_beside_an_entry = 64;

void expect(const kyotocabinet::HashDB& in, bool fine) {
    require(fine, std::string("kyotocabinet: ") + in.error().name() + ": " + in.error().message());
}

class kyoto_session final : public session {
public:
    kyoto_session(kyotocabinet::HashDB& in, const extent& size, bool durable)
        : in_(&in), durable_(durable), value_(size.entry_bytes()) {}

    void get(std::string_view key, std::size_t position, value_check& check) override {
        const std::int32_t size = in_->get(key.data(), key.size(), value_.data(), value_.size());
        if (size >= 0) {
            check.take(position, {value_.data(), static_cast<std::size_t>(size)});
        }
    }
    void put(std::string_view key, std::string_view value) override {
        expect(*in_, in_->set(key.data(), key.size(), value.data(), value.size()));
        make_durable();
    }
    void put_batch(std::span<const key_value> batch) override {
        expect(*in_, in_->begin_transaction(durable_));
        for (const key_value& each : batch) {
            expect(*in_, in_->set(each.key.data(), each.key.size(), each.value.data(), each.value.size()));
        }
        expect(*in_, in_->end_transaction());
    }
    void erase(std::string_view key) override {
        expect(*in_, in_->remove(key.data(), key.size()));
        make_durable();
    }

private:
    void make_durable() {
        if (durable_) {
            expect(*in_, in_->synchronize(true));
        }
    }
    kyotocabinet::HashDB* in_;
    bool durable_;
    std::vector<char> value_;
};

class kyoto_store final : public store {
public:
    kyoto_store(const std::filesystem::path& folder, const extent& size, access how)
        : size_(size), durable_(how == access::durable) {
        in_.tune_buckets(static_cast<std::int64_t>(size.entries));
        in_.tune_map(static_cast<std::int64_t>(
            std::max(mapped_bytes_min, size.entries * (size.entry_bytes() + bytes_beside_an_entry))));
        const std::uint32_t mode = how == access::read_only
                                       ? std::uint32_t{kyotocabinet::HashDB::OREADER}
                                       : kyotocabinet::HashDB::OWRITER | kyotocabinet::HashDB::OCREATE;
        expect(in_, in_.open((folder / "compare.kch").string(), mode));
    }
    ~kyoto_store() override { in_.close(); }
    [[nodiscard]] std::unique_ptr<session> start_session() override {
        return std::make_unique<kyoto_session>(in_, size_, durable_);
    }
    void sync() override { expect(in_, in_.synchronize(true)); }

private:
    kyotocabinet::HashDB in_;
    extent size_;
    bool durable_;
};

class kyoto_driver final : public driver {
public:
    [[nodiscard]] std::string name() const override { return "kyoto-hash"; }
    [[nodiscard]] std::string version() const override { return kyotocabinet::VERSION; }
    [[nodiscard]] abilities can() const override { return {.readers = true, .file = true, .sync = true}; }
    [[nodiscard]] std::optional<write_mode> mode(bool durable) const override {
        return durable ? write_mode{survives::power_cut, "synchronize(true), hard transactions"}
                       : write_mode{survives::kill, "default"};
    }
    [[nodiscard]] std::unique_ptr<store> open(const std::filesystem::path& folder, const extent& size,
                                              access how) const override {
        return std::make_unique<kyoto_store>(folder, size, how);
    }
};

} // namespace

void add_kyoto(drivers& all) { all.push_back(std::make_unique<kyoto_driver>()); }

} // namespace compare
