// Distances between words.
#include "program/suggestion.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace holdfast::cli {

namespace {

/// How many letters have to be inserted, removed, replaced, or swapped with their neighbour (optimal string alignment).
std::size_t distance(std::string_view from, std::string_view to) {
    std::vector<std::size_t> before_last(to.size() + 1);
    std::vector<std::size_t> last(to.size() + 1);
    std::vector<std::size_t> row(to.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= from.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= to.size(); ++j) {
            const std::size_t replaced = last[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
            row[j] = std::min({row[j - 1] + 1, last[j] + 1, replaced});
            if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) {
                row[j] = std::min(row[j], before_last[j - 2] + 1);
            }
        }
        before_last.swap(last);
        last.swap(row);
    }
    return last[to.size()];
}

} // namespace

std::string suggestion(std::string_view typed, const std::vector<std::string>& known) {
    constexpr std::size_t typed_max = 64; // nobody means a command by more
    const std::string* nearest = nullptr;
    std::size_t least = 0;
    for (const std::string& word : known) {
        // As many wrong letters as a third of the word, or the beginning of it.
        const std::size_t allowed = (std::min(typed.size(), word.size()) + 1) / 3;
        const bool begins = typed.size() >= 3 && word.starts_with(typed);
        const std::size_t apart = typed.size() > typed_max ? typed.size() : distance(typed, word);
        if ((apart <= allowed || begins) && (nearest == nullptr || apart < least)) {
            nearest = &word;
            least = apart;
        }
    }
    return nearest == nullptr ? std::string() : "; did you mean " + *nearest + "?";
}

} // namespace holdfast::cli
