// Colour and progress bars.
#include "output/terminal.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <unistd.h>

#include "output/escape.hpp"
#include "program/errors.hpp"

namespace holdfast::cli {

namespace {

std::string_view environment(const char* name) noexcept {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string_view() : std::string_view(value);
}

bool is_able_terminal(int descriptor) noexcept {
    return ::isatty(descriptor) == 1 && environment("TERM") != "dumb";
}

void draw(std::string_view text) noexcept {
    // A bar that can't be drawn is not worth an error.
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

/// " [####......] 40%"
std::string bar_text(std::uint64_t done, std::uint64_t total) {
    constexpr std::uint64_t cells = 30;
    const double share = static_cast<double>(std::min(done, total)) / static_cast<double>(total);
    const auto filled = static_cast<std::size_t>(share * static_cast<double>(cells));
    return " [" + std::string(filled, '#') + std::string(cells - filled, '.') + "] " +
           std::to_string(static_cast<unsigned>(share * 100)) + "%";
}

} // namespace

colour_choice parse_colour(std::string_view text) {
    if (text == "auto") {
        return colour_choice::automatic;
    }
    if (text == "always") {
        return colour_choice::always;
    }
    if (text == "never") {
        return colour_choice::never;
    }
    throw_usage("--color takes auto, always or never, not " + in_quotes(text));
}

bool use_colour(colour_choice choice, int descriptor) noexcept {
    if (choice != colour_choice::automatic) {
        return choice == colour_choice::always;
    }
    return is_able_terminal(descriptor) && environment("NO_COLOR").empty();
}

progress_bar::progress_bar(std::string label)
    : label_(std::move(label)),
      began_at_(std::chrono::steady_clock::now()),
      drawn_at_(began_at_),
      enabled_(is_able_terminal(STDERR_FILENO)) {}

/// Whether it is time to draw again.
bool progress_bar::is_due() {
    constexpr auto pause = std::chrono::milliseconds(100);
    const auto now = std::chrono::steady_clock::now();
    if (!enabled_ || now - drawn_at_ < pause) {
        return false;
    }
    drawn_at_ = now;
    visible_ = true;
    return true;
}

void progress_bar::show(std::uint64_t done, std::uint64_t total) {
    if (total != 0 && is_due()) {
        draw("\r" + label_ + bar_text(done, total) + " " + std::to_string(done) + "/" +
             std::to_string(total) + "\x1b[K");
    }
}

void progress_bar::show_rate(std::uint64_t done, std::uint64_t total, std::uint64_t items) {
    if (!is_due()) {
        return;
    }
    const std::chrono::duration<double> time = drawn_at_ - began_at_;
    const auto rate = static_cast<std::uint64_t>(static_cast<double>(items) / time.count());
    draw("\r" + label_ + (total == 0 ? std::string() : bar_text(done, total)) + " " + std::to_string(items) +
         ", " + std::to_string(rate) + "/s\x1b[K");
}

void progress_bar::clear() noexcept {
    if (visible_) {
        draw("\r\x1b[K");
        visible_ = false;
    }
}

} // namespace holdfast::cli
