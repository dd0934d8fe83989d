// Holdfast, by its public interface.
#include <holdfast/store.hpp>
#include <holdfast/version.hpp>

#include "stores/holdfast_maps.hpp"
#include "stores/registry.hpp"

namespace compare {

namespace {

class holdfast_session final : public session {
public:
    explicit holdfast_session(holdfast::store& to) : to_(&to) {}

    void get(std::string_view key, std::size_t position, value_check& check) override {
        if (const auto found = to_->get(key)) {
            check.take(position, *found);
        }
    }
    void get_in_one(std::span<const std::string_view> keys, value_check& check) override {
        const holdfast::snapshot now = to_->snapshot();
        const holdfast::map_view map = now.map();
        for (std::size_t i = 0; i < keys.size(); ++i) {
            if (const auto found = map.get(keys[i])) {
                check.take(i, *found);
            }
        }
    }
    void get_many(std::span<const std::string_view> keys, value_check& check) override {
        const holdfast::snapshot now = to_->snapshot();
        const holdfast::map_view map = now.map();
        const auto found = map.get_many(keys);
        for (std::size_t i = 0; i < keys.size(); ++i) {
            if (found[i]) {
                check.take(i, *found[i]);
            }
        }
    }
    void get_by_snapshot(std::string_view key, std::size_t position, value_check& check) override {
        const holdfast::snapshot now = to_->snapshot();
        if (const auto found = now.get(key)) {
            check.take(position, *found);
        }
    }

    void put(std::string_view key, std::string_view value) override { to_->put(key, value); }
    void put_batch(std::span<const key_value> batch) override {
        to_->update([&](holdfast::write_transaction& transaction) {
            holdfast::map_writer map = transaction.map();
            for (const key_value& each : batch) {
                map.put(each.key, each.value);
            }
        });
    }
    void erase(std::string_view key) override { to_->erase(key); }

    void scan(value_check& check) override {
        const holdfast::snapshot now = to_->snapshot();
        for (auto&& [key, value] : now.map()) {
            check.meet(value);
        }
    }
    void scan_reverse(value_check& check) override {
        const holdfast::snapshot now = to_->snapshot();
        const holdfast::map_view map = now.map();
        const auto begin = map.begin();
        for (auto at = map.end(); at != begin;) {
            --at;
            check.meet(at->second);
        }
    }
    void scan_prefix(std::string_view prefix, value_check& check) override {
        const holdfast::snapshot now = to_->snapshot();
        for (auto&& [key, value] : now.map().prefix(prefix)) {
            check.meet(value);
        }
    }
    [[nodiscard]] std::shared_ptr<void> hold_snapshot() override {
        return std::make_shared<holdfast::snapshot>(to_->snapshot());
    }

private:
    holdfast::store* to_;
};

class holdfast_store final : public store {
public:
    holdfast_store(const std::filesystem::path& folder, const extent& size, access how)
        : store_(holdfast::store::open(folder / "compare.hold", options_for(how))),
          value_bytes_(size.value_bytes) {}
    [[nodiscard]] std::unique_ptr<session> start_session() override {
        return std::make_unique<holdfast_session>(store_);
    }
    [[nodiscard]] std::unique_ptr<session> start_named_session() override {
        return start_holdfast_named_session(store_);
    }
    [[nodiscard]] std::unique_ptr<session> start_typed_session() override {
        return start_holdfast_typed_session(store_, value_bytes_);
    }
    void sync() override { store_.sync(); }

private:
    [[nodiscard]] static holdfast::open_options options_for(access how) {
        holdfast::open_options options;
        if (how == access::durable) {
            options.durability = holdfast::durability::commit;
        }
        return options;
    }
    holdfast::store store_;
    std::size_t value_bytes_;
};

class holdfast_driver final : public driver {
public:
    [[nodiscard]] std::string name() const override { return "holdfast"; }
    [[nodiscard]] std::string version() const override { return HOLDFAST_COMPARE_HOLDFAST; }
    [[nodiscard]] abilities can() const override {
        return {.ordered = true,
                .reverse = true,
                .snapshots = true,
                .processes = true,
                .readers = true,
                .file = true,
                .named_maps = true,
                .typed = true,
                .sync = true};
    }
    [[nodiscard]] std::optional<write_mode> mode(bool durable) const override {
        return durable ? write_mode{survives::power_cut, "durability commit"}
                       : write_mode{survives::kill, "durability process"};
    }
    [[nodiscard]] std::unique_ptr<store> open(const std::filesystem::path& folder, const extent& size,
                                              access how) const override {
        return std::make_unique<holdfast_store>(folder, size, how);
    }
};

} // namespace

void add_holdfast(drivers& all) { all.push_back(std::make_unique<holdfast_driver>()); }

} // namespace compare
