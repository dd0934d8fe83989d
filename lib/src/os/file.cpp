// Files, through Linux system calls; and the handlers of fork().
//
// Invariant: an os::file is in the list of open files exactly while it has a descriptor. List and descriptors
// change together under fork_mutex, so that the child of a fork() closes all of them and nothing else.
#include "os/file.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "os/failpoint.hpp"
#include "os/fork.hpp"

namespace holdfast::os {

/// The list of open files. All under fork_mutex.
struct open_files {
    static inline file* first = nullptr;

    static void add(file& f) noexcept {
        f.previous_ = nullptr;
        f.next_ = first;
        if (first != nullptr) {
            first->previous_ = &f;
        }
        first = &f;
    }

    static void remove(file& f) noexcept {
        (f.previous_ != nullptr ? f.previous_->next_ : first) = f.next_;
        if (f.next_ != nullptr) {
            f.next_->previous_ = f.previous_;
        }
        f.previous_ = f.next_ = nullptr;
    }

    /// In the child of fork(), whose forking thread still holds fork_mutex.
    static void close_all() noexcept {
        while (first != nullptr) {
            file& f = *first;
            remove(f);
            ::close(std::exchange(f.fd_, -1));
        }
    }
};

namespace {

void lock_before_fork() { fork_mutex().lock(); }

void unlock_in_parent() { fork_mutex().unlock(); }

void close_in_child() {
    open_files::close_all();
    enter_child();
    fork_mutex().unlock();
}

/// Once a process; 0 or an errno.
int install_fork_handlers() noexcept {
    static const int code = [] {
        prepare_fork_word();
        return ::pthread_atfork(lock_before_fork, unlock_in_parent, close_in_child);
    }();
    return code;
}

/// Calls a system call until it is not interrupted; 0 or its errno.
template <class Call>
int retried(Call&& call) noexcept {
    for (;;) {
        if (call() >= 0) {
            return 0;
        }
        if (errno != EINTR) {
            return errno;
        }
    }
}

file_type type_of(mode_t mode) noexcept {
    switch (mode & S_IFMT) {
    case S_IFREG:
        return file_type::regular;
    case S_IFDIR:
        return file_type::folder;
    case S_IFIFO:
        return file_type::fifo;
    case S_IFSOCK:
        return file_type::socket;
    case S_IFCHR:
    case S_IFBLK:
        return file_type::device;
    default:
        return file_type::other;
    }
}

/// Beyond RLIMIT_FSIZE the kernel sends SIGXFSZ, which by default ends the process.
bool within_size_limit(std::uint64_t end) noexcept {
    rlimit limit{};
    return ::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || end <= limit.rlim_cur;
}

/// pwritev2 with `flags` until all is written.
int write_all(int fd, const void* from, std::size_t bytes, std::uint64_t offset, int flags) noexcept {
    if (!within_size_limit(offset + bytes)) {
        return EFBIG;
    }
    const char* rest = static_cast<const char*>(from);
    while (bytes != 0) {
        const iovec part = {const_cast<char*>(rest), bytes};
        const ssize_t wrote = ::pwritev2(fd, &part, 1, static_cast<off_t>(offset), flags);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote <= 0) {
            return wrote < 0 ? errno : EIO;
        }
        rest += wrote;
        offset += static_cast<std::uint64_t>(wrote);
        bytes -= static_cast<std::size_t>(wrote);
    }
    return 0;
}

/// The name under /proc that stands for an open file.
std::array<char, 32> name_of_descriptor(int fd) noexcept {
    std::array<char, 32> name{};
    std::snprintf(name.data(), name.size(), "/proc/self/fd/%d", fd);
    return name;
}

} // namespace

file::~file() { close(); }

file::file(file&& other) noexcept { *this = std::move(other); }

file& file::operator=(file&& other) noexcept {
    if (this == &other) {
        return *this;
    }
    close();
    const std::lock_guard lock(fork_mutex());
    if (other.fd_ >= 0) {
        open_files::remove(other);
        fd_ = std::exchange(other.fd_, -1);
        open_files::add(*this);
    }
    return *this;
}

int file::adopt_opened(const char* path, int flags, unsigned mode) noexcept {
    close();
    if (const int code = install_fork_handlers(); code != 0) {
        return code;
    }
    const std::lock_guard lock(fork_mutex());
    int fd = -1;
    const int code = retried([&] { return fd = ::open(path, flags | O_CLOEXEC | O_NOCTTY, mode); });
    if (code == 0) {
        fd_ = fd;
        open_files::add(*this);
    }
    return code;
}

int file::open(const std::filesystem::path& path, bool writable) noexcept {
    return adopt_opened(path.c_str(), (writable ? O_RDWR : O_RDONLY) | O_NONBLOCK, 0);
}

int file::reopen(const file& other, const std::filesystem::path& path, bool writable) noexcept {
    const int flags = writable ? O_RDWR : O_RDONLY;
    int code = failpoint_error("os.reopen");
    code = code != 0 ? code : adopt_opened(name_of_descriptor(other.fd_).data(), flags, 0);
    if (code == 0) {
        return 0;
    }
    code = adopt_opened(path.c_str(), flags | O_NONBLOCK, 0);
    file_info theirs;
    file_info ours;
    code = code != 0 ? code : other.query(theirs);
    code = code != 0 ? code : query(ours);
    if (code == 0 && (theirs.device != ours.device || theirs.inode != ours.inode)) {
        code = ESTALE;
    }
    if (code != 0) {
        close();
    }
    return code;
}

int file::create_unnamed(const std::filesystem::path& folder) noexcept {
    if (const int code = failpoint_error("os.create_unnamed"); code != 0) {
        return code;
    }
    if (::access("/proc/self/fd", X_OK) != 0) {
        return EOPNOTSUPP;
    }
    const int code = adopt_opened(folder.c_str(), O_RDWR | O_TMPFILE, S_IRUSR | S_IWUSR);
    // What kernels and file systems without O_TMPFILE answer: they see a folder opened for writing.
    return code == EISDIR || code == EINVAL ? EOPNOTSUPP : code;
}

int file::create(const std::filesystem::path& path) noexcept {
    return adopt_opened(path.c_str(), O_RDWR | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
}

int file::open_folder(const std::filesystem::path& path) noexcept {
    return adopt_opened(path.c_str(), O_RDONLY | O_DIRECTORY, 0);
}

void file::close() noexcept {
    const std::lock_guard lock(fork_mutex());
    if (fd_ >= 0) {
        open_files::remove(*this);
        ::close(std::exchange(fd_, -1)); // closed also where it is interrupted
    }
}

int file::query(file_info& info) const noexcept {
    struct stat found {};
    const int code = retried([&] { return ::fstat(fd_, &found); });
    if (code == 0) {
        info.type = type_of(found.st_mode);
        info.device = found.st_dev;
        info.inode = found.st_ino;
        info.bytes = static_cast<std::uint64_t>(found.st_size);
        info.allocated_bytes = static_cast<std::uint64_t>(found.st_blocks) * 512;
    }
    return code;
}

int file::query(file_system& kind) const noexcept {
    struct statfs found {};
    const int code = retried([&] { return ::fstatfs(fd_, &found); });
    if (code == 0) {
        // f_type is signed on some machines; virtiofs reports itself as FUSE.
        switch (static_cast<std::uint32_t>(found.f_type)) {
        case NFS_SUPER_MAGIC:
        case V9FS_MAGIC:
        case 0x65735546U: // FUSE
        case 0xFF534D42U: // CIFS
        case 0xFE534D42U: // SMB 2
            kind = file_system::network;
            break;
        default:
            kind = file_system::local;
        }
    }
    const int pretended = failpoint_error("os.network_file_system");
    if (pretended != 0) {
        kind = file_system::network;
    }
    return code;
}

file_fate file::find_fate(const std::filesystem::path& path) const noexcept {
    struct stat ours {};
    struct stat named {};
    if (::fstat(fd_, &ours) != 0) {
        return file_fate::in_place; // nothing is known
    }
    const bool other =
        ::stat(path.c_str(), &named) == 0 && (named.st_dev != ours.st_dev || named.st_ino != ours.st_ino);
    if (other) {
        return file_fate::replaced;
    }
    return ours.st_nlink == 0 ? file_fate::deleted : file_fate::in_place;
}

int file::read_at(void* to, std::size_t bytes, std::uint64_t offset, std::size_t& got) const noexcept {
    got = 0;
    while (got < bytes) {
        const ssize_t part =
            ::pread(fd_, static_cast<char*>(to) + got, bytes - got, static_cast<off_t>(offset + got));
        if (part < 0 && errno != EINTR) {
            return errno;
        }
        if (part == 0) {
            break;
        }
        got += part > 0 ? static_cast<std::size_t>(part) : 0;
    }
    return 0;
}

int file::write_at(const void* from, std::size_t bytes, std::uint64_t offset) const noexcept {
    return write_all(fd_, from, bytes, offset, 0);
}

int file::write_durably_at(const void* from, std::size_t bytes, std::uint64_t offset) const noexcept {
    if (const int code = failpoint_error("os.write_durably"); code != 0) {
        return code;
    }
    const int code = write_all(fd_, from, bytes, offset, RWF_DSYNC);
    if (code != EOPNOTSUPP && code != ENOSYS && code != EINVAL) {
        return reached_medium(code, offset, bytes);
    }
    const int plain = write_all(fd_, from, bytes, offset, 0);
    return plain != 0 ? plain : sync_data();
}

int file::set_size(std::uint64_t bytes) const noexcept {
    if (!within_size_limit(bytes)) {
        return EFBIG;
    }
    return retried([&] { return ::ftruncate(fd_, static_cast<off_t>(bytes)); });
}

int file::allocate(std::uint64_t offset, std::uint64_t bytes) const noexcept {
    if (!within_size_limit(offset + bytes)) {
        return EFBIG;
    }
    for (;;) {
        const int code = ::posix_fallocate(fd_, static_cast<off_t>(offset), static_cast<off_t>(bytes));
        if (code != EINTR) {
            return code;
        }
    }
}

int file::sync_data() const noexcept {
    if (const int code = failpoint_error("os.sync"); code != 0) {
        return code;
    }
    return reached_medium(retried([&] { return ::fdatasync(fd_); }), 0, 0);
}

int file::sync_all() const noexcept {
    if (const int code = failpoint_error("os.sync"); code != 0) {
        return code;
    }
    return reached_medium(retried([&] { return ::fsync(fd_); }), 0, 0);
}

int file::set_group(std::uint32_t number) const noexcept {
    return retried([&] { return ::fchown(fd_, static_cast<uid_t>(-1), number); });
}

int file::set_permissions(std::uint32_t bits) const noexcept {
    return retried([&] { return ::fchmod(fd_, bits); });
}

int file::publish(const std::filesystem::path& path) const noexcept {
    const auto name = name_of_descriptor(fd_);
    return retried(
        [&] { return ::linkat(AT_FDCWD, name.data(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW); });
}

int link_file(const std::filesystem::path& existing, const std::filesystem::path& added) noexcept {
    return retried([&] { return ::link(existing.c_str(), added.c_str()); });
}

int unlink_file(const std::filesystem::path& path) noexcept {
    return retried([&] { return ::unlink(path.c_str()); });
}

bool is_symbolic_link(const std::filesystem::path& path) noexcept {
    struct stat found {};
    return ::lstat(path.c_str(), &found) == 0 && S_ISLNK(found.st_mode);
}

std::filesystem::path absolute(const std::filesystem::path& path) {
    std::error_code failed;
    std::filesystem::path found = std::filesystem::absolute(path, failed);
    return failed ? path : found;
}

} // namespace holdfast::os
