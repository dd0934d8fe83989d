// Buffered output to a descriptor. Large pieces go out as they are, without being copied.
//
// Every failure is an exception: `reader_gone` if the reader closed the pipe, else `output_failure`. What is
// buffered is lost unless `flush` is called, so that its failure can't go unnoticed in a destructor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace holdfast::cli {

class output {
public:
    explicit output(int descriptor)
        : descriptor_(descriptor), buffer_(std::make_unique_for_overwrite<char[]>(buffer_bytes)) {}

    void write(std::string_view text);
    void write(char byte) {
        if (used_ == buffer_bytes) {
            flush();
        }
        buffer_[used_++] = byte;
    }
    void write_number(std::uint64_t number);
    void flush();

private:
    static constexpr std::size_t buffer_bytes = std::size_t{64} * 1024;

    void write_through(std::string_view text) const;

    int descriptor_;
    std::size_t used_ = 0;
    std::unique_ptr<char[]> buffer_;
};

/// Writes one JSON object, field by field; the caller ends the line.
class json_object {
public:
    explicit json_object(output& out) : out_(out) { out_.write('{'); }

    void number(std::string_view name, std::uint64_t value);
    void null(std::string_view name);
    /// As "name" if the bytes are UTF-8, else as "name_base64".
    void text(std::string_view name, std::string_view bytes);
    /// `json` is a whole JSON value.
    void raw(std::string_view name, std::string_view json);
    /// Writes the name only; what follows is the caller's.
    void name(std::string_view name, std::string_view suffix = {});
    void close() { out_.write('}'); }

private:
    output& out_;
    bool empty_ = true;
};

} // namespace holdfast::cli
