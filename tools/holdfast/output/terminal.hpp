// What is only for people at a terminal: colour and progress bars.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::cli {

enum class colour_choice { automatic, always, never };

/// "auto", "always" or "never"; anything else is wrong usage.
[[nodiscard]] colour_choice parse_colour(std::string_view text);
/// Whether to colour what goes to this descriptor. Automatic means: it is a terminal that is not dumb, and
/// NO_COLOR is unset or empty.
[[nodiscard]] bool use_colour(colour_choice choice, int descriptor) noexcept;

/// A bar on standard error that is drawn a few times a second, and only if that is a terminal.
class progress_bar {
public:
    explicit progress_bar(std::string label);
    ~progress_bar() { clear(); }
    progress_bar(const progress_bar&) = delete;
    progress_bar& operator=(const progress_bar&) = delete;
    progress_bar(progress_bar&&) = delete;
    progress_bar& operator=(progress_bar&&) = delete;

    void show(std::uint64_t done, std::uint64_t total);
    /// Of something read or written `items` by items: how many a second, too. `total` 0: unknown.
    void show_rate(std::uint64_t done, std::uint64_t total, std::uint64_t items);
    /// Wipes the bar away, before anything else is written.
    void clear() noexcept;

private:
    [[nodiscard]] bool is_due();

    std::string label_;
    std::chrono::steady_clock::time_point began_at_;
    std::chrono::steady_clock::time_point drawn_at_;
    bool enabled_;
    bool visible_ = false;
};

} // namespace holdfast::cli
