// Holdfast as a contender.
#include <holdfast/store.hpp>

#include "contender.hpp"

namespace rivals {

namespace {

class holdfast_contender final : public contender {
public:
    explicit holdfast_contender(const std::filesystem::path& folder)
        : store_(holdfast::store::open(folder / "bench.hold")) {}

    [[nodiscard]] const char* name() const override { return "holdfast"; }

    void put_batch(const std::vector<key_value>& batch) override {
        store_.update([&](holdfast::write_transaction& transaction) {
            holdfast::map_writer map = transaction.map();
            for (const key_value& one : batch) {
                map.put(one.key, one.value);
            }
        });
    }

    void put(std::string_view key, std::string_view value) override { store_.put(key, value); }

    int get(std::string_view key) override {
        const auto value = store_.get(key);
        return value ? touch(*value) : -1;
    }

    std::int64_t get_in_one(const std::vector<std::string_view>& keys) override {
        const holdfast::snapshot now = store_.snapshot();
        const holdfast::map_view map = now.map();
        std::int64_t sum = 0;
        for (const std::string_view key : keys) {
            const auto value = map.get(key);
            sum += value ? touch(*value) : -1;
        }
        return sum;
    }

    std::uint64_t scan() override {
        const holdfast::snapshot now = store_.snapshot();
        std::uint64_t entries = 0;
        std::int64_t sum = 0;
        const holdfast::map_view map = now.map();
        const auto end = map.end();
        for (auto at = map.begin(); at != end; ++at) {
            sum += touch(at->second);
            ++entries;
        }
        return sum != 0 ? entries : 0;
    }

    [[nodiscard]] std::shared_ptr<void> hold_snapshot() override {
        return std::make_shared<holdfast::snapshot>(store_.snapshot());
    }

private:
    holdfast::store store_;
};

} // namespace

std::unique_ptr<contender> open_holdfast(const std::filesystem::path& folder) {
    return std::make_unique<holdfast_contender>(folder);
}

} // namespace rivals
