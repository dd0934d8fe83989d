// Boost.Interprocess: its map and Boost's unordered_map in a mapped file, under an interprocess_mutex in that file, as
// people build it by hand. A process killed in the lock leaves it locked for ever.
#include <boost/interprocess/allocators/allocator.hpp>
#include <boost/interprocess/containers/map.hpp>
#include <boost/interprocess/containers/string.hpp>
#include <boost/interprocess/managed_mapped_file.hpp>
#include <boost/interprocess/sync/interprocess_mutex.hpp>
#include <boost/interprocess/sync/scoped_lock.hpp>
#include <boost/unordered_map.hpp>
#include <boost/version.hpp>

#include "stores/registry.hpp"

namespace compare {

namespace {

namespace ipc = boost::interprocess;

constexpr std::uint64_t file_bytes_min = std::uint64_t{64} << 20;
constexpr std::uint64_t bytes_beside_an_entry = 320;

using segment = ipc::managed_mapped_file;
template <class T>
using shared_allocator = ipc::allocator<T, segment::segment_manager>;
using shared_string = ipc::basic_string<char, std::char_traits<char>, shared_allocator<char>>;
using shared_pair = std::pair<const shared_string, shared_string>;

[[nodiscard]] std::string_view to_view(std::string_view bytes) noexcept { return bytes; }
[[nodiscard]] std::string_view to_view(const shared_string& bytes) noexcept {
    return {bytes.data(), bytes.size()};
}

struct less {
    using is_transparent = void;
    template <class Left, class Right>
    [[nodiscard]] bool operator()(const Left& left, const Right& right) const noexcept {
        return to_view(left) < to_view(right);
    }
};
struct equal {
    template <class Left, class Right>
    [[nodiscard]] bool operator()(const Left& left, const Right& right) const noexcept {
        return to_view(left) == to_view(right);
    }
};
struct hash {
    template <class Bytes>
    [[nodiscard]] std::size_t operator()(const Bytes& bytes) const noexcept {
        return std::hash<std::string_view>()(to_view(bytes));
    }
};

using ordered_map = ipc::map<shared_string, shared_string, less, shared_allocator<shared_pair>>;
using unordered_map =
    boost::unordered_map<shared_string, shared_string, hash, equal, shared_allocator<shared_pair>>;

[[nodiscard]] auto find(ordered_map& in, std::string_view key) { return in.find(key); }
[[nodiscard]] auto find(unordered_map& in, std::string_view key) { return in.find(key, hash(), equal()); }

/// The map and its lock, as they lie in the file.
template <class Map>
struct shared_state {
    explicit shared_state(const shared_allocator<shared_pair>& where) : map(where) {}
    ipc::interprocess_mutex lock;
    Map map;
};

template <class Map>
class boost_session final : public session {
public:
    explicit boost_session(shared_state<Map>& in) : in_(&in) {}

    void get(std::string_view key, std::size_t position, value_check& check) override {
        const guard alone(in_->lock);
        look_up(key, position, check);
    }
    void get_in_one(std::span<const std::string_view> keys, value_check& check) override {
        const guard alone(in_->lock);
        for (std::size_t i = 0; i < keys.size(); ++i) {
            look_up(keys[i], i, check);
        }
    }
    void put(std::string_view key, std::string_view value) override {
        const guard alone(in_->lock);
        store(key, value);
    }
    void put_batch(std::span<const key_value> batch) override {
        const guard alone(in_->lock);
        for (const key_value& each : batch) {
            store(each.key, each.value);
        }
    }
    void erase(std::string_view key) override {
        const guard alone(in_->lock);
        if (const auto at = find(in_->map, key); at != in_->map.end()) {
            in_->map.erase(at);
        }
    }
    void scan(value_check& check) override {
        const guard alone(in_->lock);
        for (const auto& [key, value] : in_->map) {
            check.meet(to_view(value));
        }
    }
    void scan_reverse(value_check& check) override {
        if constexpr (std::is_same_v<Map, ordered_map>) {
            const guard alone(in_->lock);
            for (auto at = in_->map.rbegin(); at != in_->map.rend(); ++at) {
                check.meet(to_view(at->second));
            }
        }
    }
    void scan_prefix(std::string_view prefix, value_check& check) override {
        if constexpr (std::is_same_v<Map, ordered_map>) {
            const guard alone(in_->lock);
            for (auto at = in_->map.lower_bound(prefix);
                 at != in_->map.end() && to_view(at->first).starts_with(prefix); ++at) {
                check.meet(to_view(at->second));
            }
        }
    }

private:
    using guard = ipc::scoped_lock<ipc::interprocess_mutex>;
    void look_up(std::string_view key, std::size_t position, value_check& check) {
        if (const auto at = find(in_->map, key); at != in_->map.end()) {
            check.take(position, to_view(at->second));
        }
    }
    void store(std::string_view key, std::string_view value) {
        if (const auto at = find(in_->map, key); at != in_->map.end()) {
            at->second.assign(value.data(), value.size());
            return;
        }
        const auto where = in_->map.get_allocator();
        in_->map.emplace(shared_string(key.data(), key.size(), where),
                         shared_string(value.data(), value.size(), where));
    }
    shared_state<Map>* in_;
};

template <class Map>
class boost_store final : public store {
public:
    boost_store(const std::filesystem::path& folder, const extent& size)
        : file_(ipc::open_or_create, (folder / "compare.boost").c_str(),
                std::max(file_bytes_min, size.entries * (size.entry_bytes() + bytes_beside_an_entry))),
          in_(file_.find_or_construct<shared_state<Map>>("map")(
              shared_allocator<shared_pair>(file_.get_segment_manager()))) {}
    [[nodiscard]] std::unique_ptr<session> start_session() override {
        return std::make_unique<boost_session<Map>>(*in_);
    }

private:
    segment file_;
    shared_state<Map>* in_;
};

template <class Map>
class boost_driver final : public driver {
public:
    static constexpr bool is_ordered = std::is_same_v<Map, ordered_map>;
    [[nodiscard]] std::string name() const override {
        return is_ordered ? "boost-map" : "boost-unordered-map";
    }
    [[nodiscard]] std::string version() const override {
        return std::to_string(BOOST_VERSION / 100000) + "." + std::to_string(BOOST_VERSION / 100 % 1000);
    }
    [[nodiscard]] abilities can() const override {
        return {
            .ordered = is_ordered, .reverse = is_ordered, .processes = true, .readers = true, .file = true};
    }
    [[nodiscard]] std::optional<write_mode> mode(bool durable) const override {
        return durable ? std::nullopt
                       : std::optional(write_mode{survives::nothing, "mapped file under interprocess_mutex"});
    }
    [[nodiscard]] std::unique_ptr<store> open(const std::filesystem::path& folder, const extent& size,
                                              access) const override {
        return std::make_unique<boost_store<Map>>(folder, size);
    }
};

} // namespace

void add_boost(drivers& all) {
    all.push_back(std::make_unique<boost_driver<ordered_map>>());
    all.push_back(std::make_unique<boost_driver<unordered_map>>());
}

} // namespace compare
