// How Holdfast's named and typed maps are used.
#include "stores/holdfast_maps.hpp"

#include <array>
#include <cstring>
#include <holdfast/store.hpp>

namespace compare {

namespace {

/// A value as a struct, of a size that the compiler must know.
template <std::size_t Bytes>
struct raw_value {
    std::array<char, Bytes> bytes;
};

} // namespace

} // namespace compare

template <std::size_t Bytes>
struct holdfast::type_description<compare::raw_value<Bytes>> {
    static constexpr std::string_view name = "value";
    static constexpr std::uint32_t raw_version = 1;
};

namespace compare {

namespace {

class named_session final : public session {
public:
    explicit named_session(holdfast::store& to) : to_(&to) {}

    void get(std::string_view key, std::size_t position, value_check& check) override {
        const holdfast::snapshot now = to_->snapshot();
        const holdfast::map_view map = now.map(name);
        if (const auto found = map.get(key)) {
            check.take(position, *found);
        }
    }
    void put(std::string_view key, std::string_view value) override {
        to_->update([&](holdfast::write_transaction& transaction) { transaction.map(name).put(key, value); });
    }
    void put_batch(std::span<const key_value> batch) override {
        to_->update([&](holdfast::write_transaction& transaction) {
            holdfast::map_writer map = transaction.map(name);
            for (const key_value& each : batch) {
                map.put(each.key, each.value);
            }
        });
    }
    void erase(std::string_view key) override {
        to_->update([&](holdfast::write_transaction& transaction) { transaction.map(name).erase(key); });
    }

private:
    static constexpr std::string_view name = "named";
    holdfast::store* to_;
};

/// Structs in a typed map.
template <std::size_t Bytes>
class typed_session final : public session {
public:
    explicit typed_session(holdfast::store& to)
        : to_(&to), map_(to.map<std::string, raw_value<Bytes>>("typed")) {}

    void get(std::string_view key, std::size_t position, value_check& check) override {
        if (const auto found = map_.get(key)) {
            check.take(position, {found->bytes.data(), Bytes});
        }
    }
    void put(std::string_view key, std::string_view value) override { map_.put(key, of(value)); }
    void put_batch(std::span<const key_value> batch) override {
        to_->update([&](holdfast::write_transaction& transaction) {
            auto map = transaction.in(map_);
            for (const key_value& each : batch) {
                map.put(each.key, of(each.value));
            }
        });
    }
    void erase(std::string_view key) override { map_.erase(key); }

private:
    [[nodiscard]] static raw_value<Bytes> of(std::string_view value) noexcept {
        raw_value<Bytes> result;
        std::memcpy(result.bytes.data(), value.data(), Bytes);
        return result;
    }
    holdfast::store* to_;
    holdfast::typed_map<std::string, raw_value<Bytes>> map_;
};

} // namespace

std::unique_ptr<session> start_holdfast_named_session(holdfast::store& to) {
    return std::make_unique<named_session>(to);
}

std::unique_ptr<session> start_holdfast_typed_session(holdfast::store& to, std::size_t value_bytes) {
    switch (value_bytes) {
    case 8:
        return std::make_unique<typed_session<8>>(to);
    case 100:
        return std::make_unique<typed_session<100>>(to);
    case 1000:
        return std::make_unique<typed_session<1000>>(to);
    default:
        throw std::logic_error("no struct has this size");
    }
}

} // namespace compare
