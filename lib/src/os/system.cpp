// Boot, namespace, randomness and barriers, from Linux.
#include "os/system.hpp"

#include <fcntl.h>
#include <linux/membarrier.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>

#include "base/checksum.hpp"
#include "os/failpoint.hpp"
#include "os/time.hpp"

namespace holdfast::os {

namespace {

#ifdef HOLDFAST_FAILPOINTS
std::array<std::uint8_t, 16> fingerprint(std::string_view text) noexcept {
    const std::array<std::uint64_t, 2> sums = {checksum64(text.data(), text.size(), 1),
                                               checksum64(text.data(), text.size(), 2)};
    std::array<std::uint8_t, 16> made{};
    std::memcpy(made.data(), sums.data(), made.size());
    return made;
}
#endif

/// The 32 hexadecimal digits of a UUID, hyphens between them; false if `text` is something else.
bool parse_uuid(std::string_view text, std::array<std::uint8_t, 16>& id) noexcept {
    std::size_t digits = 0;
    for (const char c : text) {
        if (c == '-' || c == '\n') {
            continue;
        }
        const int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (value < 0 || digits == 32) {
            return false;
        }
        id[digits / 2] = static_cast<std::uint8_t>(id[digits / 2] << 4 | value);
        ++digits;
    }
    return digits == 32;
}

bool read_boot_id(std::array<std::uint8_t, 16>& id) noexcept {
    const int fd = ::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    std::array<char, 64> text{};
    const ssize_t got = ::read(fd, text.data(), text.size());
    ::close(fd);
    return got > 0 && parse_uuid({text.data(), static_cast<std::size_t>(got)}, id);
}

bool membarrier(int command) noexcept {
#ifdef HOLDFAST_TSAN
    static_cast<void>(command);
    return false; // ThreadSanitizer can't see it: all fence for themselves
#else
    return ::syscall(SYS_membarrier, command, 0, 0) == 0;
#endif
}

} // namespace

std::array<std::uint8_t, 16> boot_id() noexcept {
#ifdef HOLDFAST_FAILPOINTS
    if (const char* const pretended = std::getenv("HOLDFAST_TEST_BOOT_ID"); pretended != nullptr) {
        return fingerprint(pretended);
    }
#endif
    std::array<std::uint8_t, 16> id{};
    if (!read_boot_id(id)) {
        random_bytes(id);
    }
    return id;
}

std::uint64_t process_id() noexcept { return static_cast<std::uint64_t>(::getpid()); }

std::uint64_t pid_namespace() noexcept {
    struct stat info {};
    return ::stat("/proc/self/ns/pid", &info) == 0 ? info.st_ino : 0;
}

std::uint64_t thread_number() noexcept {
    static std::atomic<std::uint64_t> last{0};
    thread_local const std::uint64_t number = last.fetch_add(1, std::memory_order_relaxed) + 1;
    return number;
}

std::uint64_t free_memory_bytes() noexcept {
    const long pages = ::sysconf(_SC_AVPHYS_PAGES);
    const long page_bytes = ::sysconf(_SC_PAGESIZE);
    return pages > 0 && page_bytes > 0
               ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes)
               : 0;
}

void random_bytes(std::span<std::uint8_t> bytes) noexcept {
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t got = ::getrandom(bytes.data() + done, bytes.size() - done, 0);
        if (got > 0) {
            done += static_cast<std::size_t>(got);
        } else if (errno != EINTR) {
            break;
        }
    }
    // No getrandom (a strict sandbox): unpredictability is not needed, only that no two are equal.
    std::uint64_t seed = boottime_ns() ^ realtime_ns() << 20 ^ process_id() << 44;
    for (; done < bytes.size(); ++done) {
        seed = checksum64(&seed, sizeof seed, thread_number());
        bytes[done] = static_cast<std::uint8_t>(seed);
    }
}

bool register_barrier() noexcept {
    return failpoint_error("os.barrier.register") == 0 &&
           membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED);
}

bool issue_barrier() noexcept {
    return failpoint_error("os.barrier.issue") == 0 && membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED);
}

void full_fence() noexcept {
#ifdef HOLDFAST_TSAN
    static std::atomic<std::uint32_t> meeting_point{0};
    meeting_point.fetch_add(1, std::memory_order_seq_cst);
#else
    std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

std::string error_text(int code) { return std::generic_category().message(code); }

} // namespace holdfast::os
