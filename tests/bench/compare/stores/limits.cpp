// What no store can beat: a hash map in the memory of one process, a copy of the value, a synced write of one block.
#include <boost/version.hpp>
#if BOOST_VERSION >= 108100
#include <boost/unordered/unordered_flat_map.hpp>
#else
#include <unordered_map>
#endif
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include "stores/registry.hpp"

namespace compare {

namespace {

// --- A map in memory, without a lock ---

struct hash {
    using is_transparent = void;
    [[nodiscard]] std::size_t operator()(std::string_view bytes) const noexcept {
        return std::hash<std::string_view>()(bytes);
    }
};

#if BOOST_VERSION >= 108100
using memory_map = boost::unordered_flat_map<std::string, std::string, hash, std::equal_to<>>;
constexpr const char* memory_map_name = "boost::unordered_flat_map";
#else
using memory_map = std::unordered_map<std::string, std::string, hash, std::equal_to<>>;
constexpr const char* memory_map_name = "std::unordered_map (unordered_flat_map needs Boost 1.81)";
#endif

class memory_session final : public session {
public:
    explicit memory_session(memory_map& in) : in_(&in) {}
    void get(std::string_view key, std::size_t position, value_check& check) override {
        if (const auto at = in_->find(key); at != in_->end()) {
            check.take(position, at->second);
        }
    }
    void put(std::string_view key, std::string_view value) override {
        if (const auto at = in_->find(key); at != in_->end()) {
            at->second.assign(value);
        } else {
            in_->emplace(key, value);
        }
    }
    void put_batch(std::span<const key_value> batch) override {
        for (const key_value& each : batch) {
            put(each.key, each.value);
        }
    }
    void erase(std::string_view key) override { in_->erase(in_->find(key)); }

private:
    memory_map* in_;
};

class memory_store final : public store {
public:
    [[nodiscard]] std::unique_ptr<session> start_session() override {
        return std::make_unique<memory_session>(map_);
    }

private:
    memory_map map_;
};

// --- A copy of the value: its place is known ---

class copy_session final : public session {
public:
    copy_session(std::vector<char>& in, std::size_t value_bytes) : in_(&in), value_(value_bytes) {}
    void get(std::string_view, std::size_t position, value_check& check) override {
        const std::size_t at = check.expected(position) * value_.size();
        std::memcpy(value_.data(), in_->data() + at, value_.size());
        check.take(position, {value_.data(), value_.size()});
    }
    void put(std::string_view, std::string_view value) override {
        std::memcpy(in_->data() + entry_of(word_at(value.data())) * value_.size(), value.data(),
                    value_.size());
    }
    void put_batch(std::span<const key_value> batch) override {
        for (const key_value& each : batch) {
            put(each.key, each.value);
        }
    }
    void erase(std::string_view) override {}

private:
    std::vector<char>* in_;
    std::vector<char> value_;
};

class copy_store final : public store {
public:
    explicit copy_store(const extent& size)
        : value_bytes_(size.value_bytes), values_(size.entries * value_bytes_) {}
    [[nodiscard]] std::unique_ptr<session> start_session() override {
        return std::make_unique<copy_session>(values_, value_bytes_);
    }

private:
    std::size_t value_bytes_;
    std::vector<char> values_;
};

// --- A block of 4 KiB, written before, written again and synced ---

class block_store final : public store {
public:
    static constexpr std::size_t block_bytes = 4096;
    static constexpr std::size_t blocks = 4096;

    explicit block_store(const std::filesystem::path& folder)
        : file_(::open((folder / "blocks").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
        require(file_ >= 0, "can't make a file of blocks");
        const std::vector<char> zeros(block_bytes);
        for (std::size_t i = 0; i < blocks; ++i) {
            write(i, zeros.data());
        }
        require(::fsync(file_) == 0, "fsync");
    }
    ~block_store() override { ::close(file_); }
    [[nodiscard]] std::unique_ptr<session> start_session() override;
    void write(std::size_t block, const char* bytes) const {
        const auto at = static_cast<off_t>(block % blocks * block_bytes);
        require(::pwrite(file_, bytes, block_bytes, at) == ssize_t{block_bytes}, "pwrite");
    }
    void flush() const { require(::fdatasync(file_) == 0, "fdatasync"); }

private:
    int file_;
};

class block_session final : public session {
public:
    explicit block_session(const block_store& in) : in_(&in), block_(block_store::block_bytes) {}
    void get(std::string_view, std::size_t, value_check&) override {}
    void put(std::string_view, std::string_view value) override {
        std::memcpy(block_.data(), value.data(), std::min(value.size(), block_.size()));
        in_->write(next_++, block_.data());
        in_->flush();
    }
    void put_batch(std::span<const key_value>) override {}
    void erase(std::string_view) override {}

private:
    const block_store* in_;
    std::vector<char> block_;
    std::size_t next_ = 0;
};

std::unique_ptr<session> block_store::start_session() { return std::make_unique<block_session>(*this); }

// --- As drivers ---

using opener = std::unique_ptr<store> (*)(const std::filesystem::path&, const extent&);

struct limit {
    std::string name;
    std::string what;
    abilities can;
    bool durable;
    opener open;
};

class limit_driver final : public driver {
public:
    explicit limit_driver(limit of) : of_(std::move(of)) {}
    [[nodiscard]] std::string name() const override { return of_.name; }
    [[nodiscard]] std::string version() const override { return of_.what; }
    [[nodiscard]] abilities can() const override { return of_.can; }
    [[nodiscard]] std::optional<write_mode> mode(bool durable) const override {
        return durable != of_.durable
                   ? std::nullopt
                   : std::optional(
                         write_mode{durable ? survives::power_cut : survives::nothing, "a limit, no store"});
    }
    [[nodiscard]] std::unique_ptr<store> open(const std::filesystem::path& folder, const extent& size,
                                              access) const override {
        return of_.open(folder, size);
    }

private:
    limit of_;
};

} // namespace

void add_limits(drivers& all) {
    all.push_back(std::make_unique<limit_driver>(
        limit{"limit-map",
              memory_map_name,
              {.threads = false},
              false,
              [](const std::filesystem::path&, const extent&) -> std::unique_ptr<store> {
                  return std::make_unique<memory_store>();
              }}));
    all.push_back(std::make_unique<limit_driver>(
        limit{"limit-memcpy",
              "a copy of the value, whose place is known",
              {.absence = false, .threads = false},
              false,
              [](const std::filesystem::path&, const extent& size) -> std::unique_ptr<store> {
                  return std::make_unique<copy_store>(size);
              }}));
    all.push_back(std::make_unique<limit_driver>(
        limit{"limit-fdatasync",
              "pwrite of a prewritten 4 KiB block and fdatasync",
              {.reads = false, .batches = false},
              true,
              [](const std::filesystem::path& folder, const extent&) -> std::unique_ptr<store> {
                  return std::make_unique<block_store>(folder);
              }}));
}

} // namespace compare
