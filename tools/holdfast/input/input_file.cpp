// Reading whole files and pipes.
#include "input/input_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>

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
        stop_if_interrupted();
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

void input_file::read_exactly(std::span<char> to) {
    while (!to.empty()) {
        const std::size_t count = read(to.data(), to.size());
        if (count == 0) {
            throw_usage(name_ + " became shorter while it was read");
        }
        to = to.subspan(count);
    }
}

void input_pieces::read_all(input_file& from) {
    constexpr std::size_t capacity_min = std::size_t{64} * 1024;
    constexpr std::size_t capacity_max = std::size_t{16} << 20;
    for (;;) {
        if (pieces_.empty() || pieces_.back().size == pieces_.back().capacity) {
            const std::size_t capacity =
                pieces_.empty() ? capacity_min : std::min(pieces_.back().capacity * 4, capacity_max);
            pieces_.push_back({std::make_unique_for_overwrite<char[]>(capacity), capacity, 0});
        }
        piece& last = pieces_.back();
        const std::size_t count = from.read(last.data.get() + last.size, last.capacity - last.size);
        if (count == 0) {
            return;
        }
        last.size += count;
        size_ += count;
    }
}

void input_pieces::move_to(std::span<char> to) {
    for (piece& one : pieces_) {
        std::copy_n(one.data.get(), one.size, to.data());
        to = to.subspan(one.size);
        one.data.reset();
    }
    pieces_.clear();
    size_ = 0;
}

bool standard_input_is_given() noexcept {
    struct stat status {};
    if (::fstat(STDIN_FILENO, &status) != 0) {
        return false;
    }
    return S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || S_ISREG(status.st_mode);
}

std::string read_file(const std::string& path) {
    input_file file(path);
    input_pieces pieces;
    pieces.read_all(file);
    std::string bytes(static_cast<std::size_t>(pieces.size()), '\0');
    pieces.move_to(bytes);
    return bytes;
}

} // namespace holdfast::cli
