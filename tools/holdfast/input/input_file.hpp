// Reading from a file or from standard input: a whole value, or piece by piece.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast::cli {

/// A file open for reading, or standard input. Failures are wrong usage and name it.
class input_file {
public:
    /// "-" is standard input.
    explicit input_file(const std::string& path);
    ~input_file();
    input_file(const input_file&) = delete;
    input_file& operator=(const input_file&) = delete;
    input_file(input_file&&) = delete;
    input_file& operator=(input_file&&) = delete;

    /// Waits for bytes, 1 to `capacity`; returns how many, 0 at the end.
    [[nodiscard]] std::size_t read(char* to, std::size_t capacity);
    /// What is left of a regular file; 0 if unknown.
    [[nodiscard]] std::uint64_t bytes_left() const noexcept;

private:
    std::string name_;
    int descriptor_;
};

/// Bytes read from somewhere. Grows in place where the allocator can, so that gigabytes are not copied.
class input_bytes {
public:
    [[nodiscard]] std::string_view view() const noexcept { return {data_.get(), size_}; }
    /// Makes room for `capacity` bytes in all; throws std::bad_alloc.
    void reserve(std::size_t capacity);
    /// Appends all that is left of the file.
    void read_all(input_file& from);

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

/// All of a file; "-" is standard input.
[[nodiscard]] input_bytes read_file(const std::string& path);

} // namespace holdfast::cli
