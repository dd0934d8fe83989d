// Recording what may reach the medium, and making images of it.
#include "medium.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "format/control.hpp"

namespace holdfast::crash {

namespace {

constexpr std::uint64_t mapped_bytes = format::heap_offset + 64 * format::mib;
constexpr std::uint64_t front_bytes = format::attachments_offset + format::control_step_bytes;

const std::string& zeros() {
    static const std::string page(page_bytes, '\0');
    return page;
}

} // namespace

void image::write(const std::filesystem::path& path, bool same_file) const {
    std::filesystem::remove(path);
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || ::ftruncate(fd, static_cast<off_t>(file_bytes)) != 0) {
        throw std::runtime_error("can't make an image");
    }
    for (const auto& [offset, bytes] : pages) {
        const std::size_t count = std::min<std::uint64_t>(page_bytes, file_bytes - offset);
        if (::pwrite(fd, bytes.data(), count, static_cast<off_t>(offset)) != static_cast<ssize_t>(count)) {
            throw std::runtime_error("can't write an image");
        }
    }
    struct stat now {};
    format::lock_stamp stamp{};
    if (::fstat(fd, &now) != 0 ||
        ::pread(fd, &stamp, sizeof stamp, static_cast<off_t>(format::control_offset)) != sizeof stamp) {
        throw std::runtime_error("can't read an image");
    }
    if (stamp.device == device && stamp.inode == inode) {
        stamp.device = same_file ? now.st_dev : device + 1; // the inode may have been given again
        stamp.inode = now.st_ino;
        static_cast<void>(::pwrite(fd, &stamp, sizeof stamp, static_cast<off_t>(format::control_offset)));
    }
    ::close(fd);
}

medium::medium(const std::filesystem::path& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    struct stat now {};
    void* const mapped =
        fd_ < 0 ? MAP_FAILED : ::mmap(nullptr, mapped_bytes, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd_, 0);
    if (mapped == MAP_FAILED || ::fstat(fd_, &now) != 0) {
        throw std::runtime_error("can't watch " + path.string());
    }
    base_ = static_cast<const char*>(mapped);
    device_ = now.st_dev;
    inode_ = now.st_ino;
    reached(0, 0);
}

medium::~medium() {
    ::munmap(const_cast<char*>(base_), mapped_bytes);
    ::close(fd_);
}

std::uint64_t medium::file_bytes() const {
    struct stat now {};
    if (::fstat(fd_, &now) != 0 || static_cast<std::uint64_t>(now.st_size) > mapped_bytes) {
        throw std::runtime_error("the watched file has become too large");
    }
    return static_cast<std::uint64_t>(now.st_size);
}

void medium::look() {
    const std::uint64_t end = file_bytes();
    look_at(0, std::min(front_bytes, end));
    look_at(std::min(format::heap_offset, end), end);
}

void medium::look_at(std::uint64_t start, std::uint64_t end) {
    auto known = pages_.lower_bound(start);
    for (std::uint64_t offset = start; offset + page_bytes <= end; offset += page_bytes) {
        const bool is_known = known != pages_.end() && known->first == offset;
        const std::string& seen = is_known ? known->second.present() : zeros();
        if (std::memcmp(seen.data(), base_ + offset, page_bytes) != 0) {
            if (!is_known) {
                known = pages_.emplace_hint(known, offset, page{zeros(), {}});
            }
            known->second.since.emplace_back(base_ + offset, page_bytes);
            unsettled_.emplace(offset, &known->second);
        }
        if (known != pages_.end() && known->first == offset) {
            ++known;
        }
    }
}

void medium::reached(std::uint64_t start, std::uint64_t bytes) {
    look();
    const std::uint64_t end = bytes == 0 ? mapped_bytes : start + bytes;
    for (auto at = unsettled_.lower_bound(start / page_bytes * page_bytes);
         at != unsettled_.end() && at->first < end;) {
        page& settled = *at->second;
        const std::uint64_t from = std::max(at->first, start) - at->first;
        const std::uint64_t to = std::min(at->first + page_bytes, end) - at->first;
        const std::string written = settled.present().substr(from, to - from);
        settled.durable.replace(from, written.size(), written);
        for (std::string& version : settled.since) {
            version.replace(from, written.size(), written);
        }
        if (settled.durable == settled.present()) {
            settled.since.clear();
            at = unsettled_.erase(at);
        } else {
            ++at;
        }
    }
    durable_bytes_ = file_bytes();
}

std::string medium::mixed(const page& of, random_source& random) {
    std::string made = of.durable;
    for (std::size_t at = 0; at < page_bytes; at += sector_bytes) {
        const std::uint64_t which = random.below(of.since.size() + 1);
        if (which != 0) {
            made.replace(at, sector_bytes, of.since[which - 1], at, sector_bytes);
        }
    }
    return made;
}

image medium::cut(survival how, random_source& random) {
    look();
    const std::uint64_t present_bytes = file_bytes();
    const std::uint64_t more = (present_bytes - std::min(durable_bytes_, present_bytes)) / page_bytes;
    image made{durable_bytes_ + page_bytes * random.below(more + 1), device_, inode_, {}};
    made.file_bytes = how == survival::present || random.chance(1, 2) ? present_bytes : made.file_bytes;
    const std::uint64_t share = random.between(1, 15); // of 16: how likely a page is new
    for (const auto& [offset, one] : pages_) {
        if (offset >= made.file_bytes) {
            break;
        }
        const bool in_heap = offset >= format::heap_offset;
        std::string& now = made.pages[offset];
        now = one.durable;
        if (one.since.empty() || how == survival::old) {
            continue;
        }
        if (how == survival::present || (how == survival::heap && in_heap) ||
            (how == survival::header && !in_heap)) {
            now = one.present();
        } else if (how == survival::page && random.below(16) < share) {
            now = one.since[random.below(one.since.size())];
        } else if (how == survival::sector && random.below(16) < share) {
            now = mixed(one, random);
        }
    }
    return made;
}

} // namespace holdfast::crash
