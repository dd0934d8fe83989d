// Buffered output and JSON objects.
#include "output/output.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string>

#include <poll.h>
#include <unistd.h>

#include <holdfast/text.hpp>

#include "program/errors.hpp"

namespace holdfast::cli {

void output::write(std::string_view text) {
    if (text.size() > buffer_bytes - used_) {
        flush();
        if (text.size() >= buffer_bytes) {
            write_through(text);
            return;
        }
    }
    std::copy(text.begin(), text.end(), buffer_.get() + used_);
    used_ += text.size();
}

void output::write_number(std::uint64_t number) {
    std::array<char, 20> digits{};
    const auto* const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    write({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

void output::flush() {
    const std::string_view pending(buffer_.get(), used_);
    used_ = 0; // also if it fails: nothing is tried twice
    write_through(pending);
}

void output::write_through(std::string_view text) const {
    while (!text.empty()) {
        const ::ssize_t written = ::write(descriptor_, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EPIPE) {
            throw reader_gone{};
        } else if (errno == EAGAIN) {
            // The other end of our terminal or pipe made it non-blocking.
            ::pollfd ready{descriptor_, POLLOUT, 0};
            ::poll(&ready, 1, -1);
        } else if (errno != EINTR) {
            const errc reason = errno == ENOSPC || errno == EDQUOT ? errc::no_space : errc::io_error;
            throw output_failure{
                error(reason, std::string("cannot write to standard output: ") + std::strerror(errno))};
        }
    }
}

void json_object::name(std::string_view name, std::string_view suffix) {
    out_.write(empty_ ? "\"" : ",\"");
    out_.write(name);
    out_.write(suffix);
    out_.write("\":");
    empty_ = false;
}

void json_object::number(std::string_view name, std::uint64_t value) {
    this->name(name);
    out_.write_number(value);
}

void json_object::raw(std::string_view name, std::string_view json) {
    this->name(name);
    out_.write(json);
}

void json_object::null(std::string_view name) {
    this->name(name);
    out_.write("null");
}

void json_object::text(std::string_view name, std::string_view bytes) {
    if (is_utf8(bytes)) {
        raw(name, json_string(bytes));
    } else {
        this->name(name, "_base64");
        out_.write('"' + to_base64(bytes) + '"');
    }
}

} // namespace holdfast::cli
