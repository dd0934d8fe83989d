// Reading whole files and pipes.
#include "input/input_file.hpp"

#include <cerrno>
#include <cstdint>
#include <new>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/escape.hpp"
#include "program/errors.hpp"
#include "program/interrupt.hpp"

namespace holdfast::cli {

input_file::input_file(const std::string& path)
    : name_(path == "-" ? "standard input" : in_quotes(path)),
      descriptor_(path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0) {
        throw_system_error(errc::invalid_argument, "cannot read " + name_, errno);
    }
}

input_file::~input_file() {
    if (descriptor_ != STDIN_FILENO) {
        ::close(descriptor_);
    }
}

std::size_t input_file::read(char* to, std::size_t capacity) {
    for (;;) {
        const ::ssize_t count = ::read(descriptor_, to, capacity);
        if (count >= 0) {
            return static_cast<std::size_t>(count);
        }
        if (errno == EAGAIN) {
            ::pollfd ready{descriptor_, POLLIN, 0};
            ::poll(&ready, 1, -1);
        } else if (errno != EINTR) {
            throw_system_error(errc::invalid_argument, "cannot read " + name_, errno);
        }
        check_interrupt();
    }
}

std::uint64_t input_file::bytes_left() const noexcept {
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
        return 0;
    }
    const ::off_t position = ::lseek(descriptor_, 0, SEEK_CUR);
    return position >= 0 && position < status.st_size ? static_cast<std::uint64_t>(status.st_size - position)
                                                      : 0;
}

void input_bytes::reserve(std::size_t capacity) {
    if (capacity <= capacity_) {
        return;
    }
    void* const grown = std::realloc(data_.get(), capacity); // NOLINT: moves pages instead of copying bytes
    if (grown == nullptr) {
        throw std::bad_alloc();
    }
    (void)data_.release();
    data_.reset(static_cast<char*>(grown));
    capacity_ = capacity;
}

void input_bytes::read_all(input_file& from) {
    constexpr std::size_t chunk_bytes = std::size_t{64} * 1024;
    // One byte more than expected: the end of the file is then found without growing.
    reserve(size_ + static_cast<std::size_t>(from.bytes_left()) + 1);
    for (;;) {
        if (size_ == capacity_) {
            reserve(capacity_ < chunk_bytes ? chunk_bytes : capacity_ * 2);
        }
        const std::size_t count = from.read(data_.get() + size_, capacity_ - size_);
        if (count == 0) {
            return;
        }
        size_ += count;
    }
}

bool standard_input_is_given() noexcept {
    struct stat status {};
    if (::fstat(STDIN_FILENO, &status) != 0) {
        return false;
    }
    return S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || S_ISREG(status.st_mode);
}

input_bytes read_file(const std::string& path) {
    input_file file(path);
    input_bytes bytes;
    bytes.read_all(file);
    return bytes;
}

} // namespace holdfast::cli
