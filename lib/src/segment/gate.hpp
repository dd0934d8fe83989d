// The gate: a byte of the file that is locked while a process opens or closes the store, or changes who is attached.
//
// Thread safety: threads of one open file are kept apart by a mutex, as byte locks don't. Process safety: the byte.
// Lock order: whoever is inside may only try the writer lock, never wait for it.
#pragma once

#include <filesystem>
#include <mutex>
#include <string_view>

#include "os/byte_lock.hpp"

namespace holdfast {

/// What threads of one open file share.
using gate_mutex = std::mutex;

class gate_lock final {
public:
    /// Throws timed_out, unsupported (a file system without such locks), io_error.
    gate_lock(gate_mutex& mutex, const os::file& f, const std::filesystem::path& path, os::lock_mode mode,
              os::deadline until);
    ~gate_lock();
    gate_lock(const gate_lock&) = delete;
    gate_lock& operator=(const gate_lock&) = delete;

private:
    std::unique_lock<gate_mutex> mutex_;
    const os::file& file_;
};

/// Throws what a failed lock on a byte of the file means.
[[noreturn]] void fail_lock(int code, const std::filesystem::path& path, std::string_view what);

} // namespace holdfast
