// Open-file-description locks, by fcntl.
#include "os/byte_lock.hpp"

#include <fcntl.h>

#include <cerrno>

namespace holdfast::os {

namespace {

struct flock description_of(short type, byte_range range) noexcept {
    struct flock what {};
    what.l_type = type;
    what.l_whence = SEEK_SET;
    what.l_start = static_cast<off_t>(range.start);
    what.l_len = static_cast<off_t>(range.bytes);
    return what; // l_pid has to be 0
}

short type_of(lock_mode mode) noexcept { return mode == lock_mode::exclusive ? F_WRLCK : F_RDLCK; }

int set_lock(const file& f, short type, byte_range range) noexcept {
    struct flock what = description_of(type, range);
    for (;;) {
        if (::fcntl(f.descriptor(), F_OFD_SETLK, &what) == 0) {
            return 0;
        }
        if (errno != EINTR) {
            return errno == EACCES ? EAGAIN : errno;
        }
    }
}

} // namespace

int try_lock(const file& f, lock_mode mode, byte_range range) noexcept {
    return set_lock(f, type_of(mode), range);
}

int lock_until(const file& f, lock_mode mode, byte_range range, deadline until) noexcept {
    backoff pause(until);
    for (;;) {
        const int code = try_lock(f, mode, range);
        if (code != EAGAIN) {
            return code;
        }
        if (!pause.wait()) {
            return ETIMEDOUT;
        }
    }
}

int unlock(const file& f, byte_range range) noexcept { return set_lock(f, F_UNLCK, range); }

int unlock_all(const file& f) noexcept { return set_lock(f, F_UNLCK, {0, 0}); }

int find_lock(const file& f, lock_mode mode, byte_range range, std::optional<byte_range>& found) noexcept {
    struct flock what = description_of(type_of(mode), range);
    found.reset();
    if (::fcntl(f.descriptor(), F_OFD_GETLK, &what) != 0) {
        return errno;
    }
    if (what.l_type != F_UNLCK) {
        found = byte_range{static_cast<std::uint64_t>(what.l_start), static_cast<std::uint64_t>(what.l_len)};
    }
    return 0;
}

} // namespace holdfast::os
