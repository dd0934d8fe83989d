// Reading whole files and pipes.
#include "input.hpp"

#include <cerrno>
#include <cstdint>
#include <new>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "errors.hpp"
#include "escape.hpp"

namespace holdfast::cli {

namespace {

/// What is left of a regular file; 0 if unknown.
std::size_t bytes_left(int descriptor) noexcept {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        return 0;
    }
    const ::off_t position = ::lseek(descriptor, 0, SEEK_CUR);
    return position >= 0 && position < status.st_size ? static_cast<std::size_t>(status.st_size - position)
                                                      : 0;
}

class file_descriptor {
public:
    explicit file_descriptor(const std::string& path) noexcept
        : number_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
    ~file_descriptor() {
        if (number_ >= 0) {
            ::close(number_);
        }
    }
    file_descriptor(const file_descriptor&) = delete;
    file_descriptor& operator=(const file_descriptor&) = delete;
    file_descriptor(file_descriptor&&) = delete;
    file_descriptor& operator=(file_descriptor&&) = delete;

    [[nodiscard]] int number() const noexcept { return number_; }

private:
    int number_;
};

} // namespace

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

void input_bytes::read_all(int descriptor, const std::string& name) {
    constexpr std::size_t chunk_bytes = std::size_t{64} * 1024;
    // One byte more than expected: the end of the file is then found without growing.
    reserve(size_ + bytes_left(descriptor) + 1);
    for (;;) {
        if (size_ == capacity_) {
            reserve(capacity_ < chunk_bytes ? chunk_bytes : capacity_ * 2);
        }
        const ::ssize_t count = ::read(descriptor, data_.get() + size_, capacity_ - size_);
        if (count > 0) {
            size_ += static_cast<std::size_t>(count);
        } else if (count == 0) {
            return;
        } else if (errno == EAGAIN) {
            ::pollfd ready{descriptor, POLLIN, 0};
            ::poll(&ready, 1, -1);
        } else if (errno != EINTR) {
            throw_system_error(errc::invalid_argument, "cannot read " + name, errno);
        }
    }
}

bool standard_input_is_given() noexcept {
    struct stat status {};
    if (::fstat(STDIN_FILENO, &status) != 0) {
        return false;
    }
    return S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || S_ISREG(status.st_mode);
}

input_bytes read_standard_input() {
    input_bytes bytes;
    bytes.read_all(STDIN_FILENO, "standard input");
    return bytes;
}

input_bytes read_file(const std::string& path) {
    const file_descriptor file(path);
    if (file.number() < 0) {
        throw_system_error(errc::invalid_argument, "cannot read " + in_quotes(path), errno);
    }
    input_bytes bytes;
    bytes.read_all(file.number(), in_quotes(path));
    return bytes;
}

} // namespace holdfast::cli
