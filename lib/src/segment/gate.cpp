// Passing the gate.
#include "segment/gate.hpp"

#include <cerrno>

#include "format/control.hpp"
#include "os/lock_holder.hpp"
#include "segment/failure.hpp"

namespace holdfast {

namespace {

constexpr os::byte_range gate_byte = {format::lock_byte::gate, 1};

} // namespace

void fail_lock(int code, const std::filesystem::path& path, std::string_view what) {
    switch (code) {
    case ETIMEDOUT:
        fail(errc::timed_out, path, what, "another process is opening, checking or closing it; try again");
    case EINVAL:
    case ENOSYS:
    case EOPNOTSUPP:
        fail_system(EOPNOTSUPP, path, what,
                    "the file system has no open-file-description locks; use a local one");
    default:
        fail_system(code, path, what);
    }
}

gate_lock::gate_lock(gate_mutex& mutex, const os::file& f, const std::filesystem::path& path,
                     os::lock_mode mode, os::deadline until)
    : mutex_(mutex, std::defer_lock), file_(f) {
    os::backoff pause(until);
    while (!mutex_.try_lock() && pause.wait()) {
    }
    const int code = mutex_.owns_lock() ? os::lock_until(f, mode, gate_byte, until) : ETIMEDOUT;
    if (code == ETIMEDOUT && mutex_.owns_lock()) {
        fail(errc::timed_out, path,
             "can't pass the gate of the store, which " + os::describe_lock_holder(f, gate_byte) + " holds",
             "it may be opening, checking or closing the store; try again, or end that process");
    }
    if (code != 0) {
        fail_lock(code, path, "can't pass the gate of the store");
    }
}

gate_lock::~gate_lock() { os::unlock(file_, gate_byte); }

} // namespace holdfast
