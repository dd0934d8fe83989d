// Reading a whole value from a file or from standard input.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast::cli {

/// Bytes read from somewhere. Grows in place where the allocator can, so that gigabytes are not copied.
class input_bytes {
public:
    [[nodiscard]] std::string_view view() const noexcept { return {data_.get(), size_}; }
    /// Makes room for `capacity` bytes in all; throws std::bad_alloc.
    void reserve(std::size_t capacity);
    /// Appends all that the descriptor yields; `name` is for the message if it fails.
    void read_all(int descriptor, const std::string& name);

private:
    struct release {
        void operator()(char* data) const noexcept { std::free(data); } // NOLINT: realloc is the point
    };
    std::unique_ptr<char, release> data_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

/// Whether standard input is a pipe, a socket or a regular file: something given to be read.
[[nodiscard]] bool standard_input_is_given() noexcept;

[[nodiscard]] input_bytes read_standard_input();
/// Wrong usage if the file can't be read.
[[nodiscard]] input_bytes read_file(const std::string& path);

} // namespace holdfast::cli
