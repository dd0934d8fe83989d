// What a store must do to be compared: the workloads' operations, each with that store's best ordinary use.
//
// Durability: none of them waits for the disk in these workloads (Holdfast: process; LMDB: WRITEMAP with NOSYNC and
// NOMETASYNC); a crash of the process loses nothing in either.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rivals {

struct key_value {
    std::string_view key;
    std::string_view value;
};

class contender {
public:
    contender() = default;
    contender(const contender&) = delete;
    contender& operator=(const contender&) = delete;
    virtual ~contender() = default;

    [[nodiscard]] virtual const char* name() const = 0;
    /// One transaction with all of these.
    virtual void put_batch(const std::vector<key_value>& batch) = 0;
    /// One transaction each.
    virtual void put(std::string_view key, std::string_view value) = 0;
    /// A read transaction of its own; reads the value's first and last byte in place. Returns their sum, or -1.
    virtual int get(std::string_view key) = 0;
    /// Many look-ups in one read transaction.
    virtual std::int64_t get_in_one(const std::vector<std::string_view>& keys) = 0;
    /// All entries in order in one read transaction, first and last byte of each value. Returns how many there are.
    virtual std::uint64_t scan() = 0;
    /// Takes and holds snapshots until the returned object is destroyed.
    [[nodiscard]] virtual std::shared_ptr<void> hold_snapshot() = 0;
};

[[nodiscard]] std::unique_ptr<contender> open_holdfast(const std::filesystem::path& folder);
#ifdef HOLDFAST_BENCH_LMDB
[[nodiscard]] std::unique_ptr<contender> open_lmdb(const std::filesystem::path& folder);
#endif

/// The compiler must believe that the bytes are looked at.
[[nodiscard]] inline int touch(std::string_view value) noexcept {
    return value.empty()
               ? 0
               : static_cast<unsigned char>(value.front()) + static_cast<unsigned char>(value.back());
}

} // namespace rivals
