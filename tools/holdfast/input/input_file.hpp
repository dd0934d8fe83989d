// Reading from a file or from standard input: a whole value, or piece by piece.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

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
    /// Exactly so many. Wrong usage if the file ends before.
    void read_exactly(std::span<char> to);
    /// What is left of a regular file; 0 if unknown.
    [[nodiscard]] std::uint64_t bytes_left() const noexcept;

private:
    std::string name_;
    int descriptor_;
};

/// All that is left of a file whose length is not known, in pieces, so that it is not moved as it grows.
class input_pieces {
public:
    void read_all(input_file& from);
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    /// Copies all to `to`, of `size()` bytes, and gives each piece back as soon as it is copied.
    void move_to(std::span<char> to);

private:
    struct piece {
        std::unique_ptr<char[]> data;
        std::size_t capacity;
        std::size_t size;
    };
    std::vector<piece> pieces_;
    std::uint64_t size_ = 0;
};

/// Whether standard input is a pipe, a socket or a regular file: something given to be read.
[[nodiscard]] bool standard_input_is_given() noexcept;

/// All of a file, in one piece; "-" is standard input.
[[nodiscard]] std::string read_file(const std::string& path);

} // namespace holdfast::cli
