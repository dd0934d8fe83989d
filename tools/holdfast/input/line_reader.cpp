// Lines.
#include "input/line_reader.hpp"

#include <cstring>
#include <utility>

namespace holdfast::cli {

namespace {

constexpr std::size_t block_bytes = std::size_t{1} << 20;

} // namespace

std::optional<std::string_view> line_reader::next() {
    std::size_t searched = 0;
    for (;;) {
        const std::size_t size = end_ - begin_;
        const void* const found = size == searched
                                      ? nullptr
                                      : std::memchr(buffer_.get() + begin_ + searched, '\n', size - searched);
        if (found != nullptr) {
            return take(static_cast<std::size_t>(static_cast<const char*>(found) - (buffer_.get() + begin_)),
                        1);
        }
        searched = size;
        if (!read_more()) {
            return size == 0 ? std::nullopt : std::optional(take(size, 0));
        }
    }
}

std::string_view line_reader::take(std::size_t length, std::size_t end_bytes) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    std::string_view line(buffer_.get() + begin_, length);
    begin_ += length + end_bytes;
    bytes_done_ += length + end_bytes;
    if (number_++ == 0 && line.starts_with(byte_order_mark)) {
        line.remove_prefix(byte_order_mark.size());
    }
    return line;
}

/// Makes room, by moving what is left or by growing, and reads behind it; false at the end of the file.
bool line_reader::read_more() {
    if (begin_ != 0 && end_ != begin_) {
        std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    }
    end_ -= begin_;
    begin_ = 0;
    if (capacity_ - end_ < block_bytes / 2) {
        const std::size_t capacity = capacity_ == 0 ? block_bytes : capacity_ * 2;
        auto grown = std::make_unique_for_overwrite<char[]>(capacity);
        if (end_ != 0) {
            std::memcpy(grown.get(), buffer_.get(), end_);
        }
        buffer_ = std::move(grown);
        capacity_ = capacity;
    }
    const std::size_t count = from_.read(buffer_.get() + end_, capacity_ - end_);
    end_ += count;
    return count != 0;
}

} // namespace holdfast::cli
