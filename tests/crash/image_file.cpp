// Putting images into a file.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>

#include "medium.hpp"

namespace holdfast::crash {

image_file::~image_file() { close(); }

void image_file::close() noexcept {
    if (base_ != nullptr) {
        ::munmap(base_, watched_bytes_max);
        base_ = nullptr;
    }
    if (fd_ >= 0) {
        ::close(fd_);
        fd_ = -1;
    }
}

void image_file::open_anew() {
    close();
    std::filesystem::remove(path_);
    fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    void* const mapped = fd_ < 0 ? MAP_FAILED
                                 : ::mmap(nullptr, watched_bytes_max, PROT_READ | PROT_WRITE,
                                          MAP_SHARED | MAP_NORESERVE, fd_, 0);
    if (mapped == MAP_FAILED) {
        throw std::runtime_error("can't make " + path_.string());
    }
    base_ = static_cast<char*>(mapped);
}

void image_file::put_page(char* to, page_version from, bool hole) noexcept {
    static constexpr page_content zeros{};
    if (from == nullptr && hole) {
        return;
    }
    const char* const bytes = from == nullptr ? zeros.data() : from->data();
    if (std::memcmp(to, bytes, page_bytes) != 0) {
        std::memcpy(to, bytes, page_bytes);
    }
}

void image_file::put(const image& made, bool same_file, bool afresh) {
    const bool is_new = afresh || fd_ < 0;
    if (is_new) {
        open_anew();
    }
    struct stat now {};
    if (::ftruncate(fd_, static_cast<off_t>(made.file_bytes)) != 0 || ::fstat(fd_, &now) != 0) {
        throw std::runtime_error("can't make an image");
    }
    for (std::size_t index = 0; index < made.pages.size(); ++index) {
        put_page(base_ + places::offset_of(index), made.pages[index], is_new);
    }
    auto& stamp = *reinterpret_cast<format::lock_stamp*>(base_ + format::control_offset);
    if (stamp.device == made.device && stamp.inode == made.inode) {
        stamp.device = same_file ? now.st_dev : made.device + 1; // the inode may have been given again
        stamp.inode = now.st_ino;
    }
}

} // namespace holdfast::crash
