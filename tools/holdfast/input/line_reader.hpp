// Lines of a file, read in large blocks and not copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "input/input_file.hpp"

namespace holdfast::cli {

class line_reader {
public:
    explicit line_reader(input_file& from) : from_(from) {}

    /// Reads the first lines, so that a file that can't be read is noticed before anything is made of it.
    void prepare() { static_cast<void>(read_more()); }
    /// The next line, without its newline; nullopt at the end. Valid until the next call. A byte order mark at the
    /// beginning of the file is left out.
    [[nodiscard]] std::optional<std::string_view> next();
    /// The number of the line that `next` returned last, from 1.
    [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
    /// What `next` has returned so far, newlines included.
    [[nodiscard]] std::uint64_t bytes_done() const noexcept { return bytes_done_; }

private:
    [[nodiscard]] bool read_more();
    [[nodiscard]] std::string_view take(std::size_t length, std::size_t end_bytes);

    input_file& from_;
    std::unique_ptr<char[]> buffer_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0; ///< of what was not returned yet
    std::size_t end_ = 0;
    std::uint64_t number_ = 0;
    std::uint64_t bytes_done_ = 0;
};

} // namespace holdfast::cli
