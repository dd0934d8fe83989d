// Composing error messages.
#include "segment/failure.hpp"

#include <cerrno>
#include <string>

#include "os/system.hpp"

namespace holdfast {

namespace {

/// A path may hold any byte but zero; a message is one line.
std::string printable(const std::filesystem::path& path) {
    std::string text = path.string();
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
            c = '?';
        }
    }
    return text;
}

std::string_view usual_advice(int code) noexcept {
    switch (reason_of(code)) {
    case errc::not_found:
        return "create it, or check the path";
    case errc::permission:
        return "check the permissions of the file and its folder, or open it read-only";
    case errc::no_space:
        return "free disk space, or raise the quota or file size limit";
    case errc::address_space:
        return "raise the limit of address space (ulimit -v), or open with less capacity";
    case errc::unsupported:
        return "use a local file system such as ext4, XFS or tmpfs";
    case errc::timed_out:
        return "try again, or allow more time";
    default:
        return "check the disk and the system log, then open the store again";
    }
}

} // namespace

errc reason_of(int code) noexcept {
    switch (code) {
    case ENOENT:
    case ENOTDIR:
        return errc::not_found;
    case EACCES:
    case EPERM:
    case EROFS:
        return errc::permission;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return errc::no_space;
    case ENOMEM:
    case EOVERFLOW:
        return errc::address_space;
    case ENAMETOOLONG:
    case ELOOP:
    case EINVAL:
        return errc::invalid_argument;
    case EOPNOTSUPP:
    case ENOSYS:
        return errc::unsupported;
    case ETIMEDOUT:
        return errc::timed_out;
    default:
        return errc::io_error;
    }
}

void fail(errc reason, const std::filesystem::path& path, std::string_view what, std::string_view advice) {
    std::string line = printable(path);
    line.append(": ").append(what);
    if (!advice.empty()) {
        line.append("; ").append(advice);
    }
    throw error(reason, line);
}

void fail_system(int code, const std::filesystem::path& path, std::string_view what,
                 std::string_view advice) {
    fail(reason_of(code), path, std::string(what) + ": " + os::error_text(code),
         advice.empty() ? usual_advice(code) : advice);
}

} // namespace holdfast
