// Texts out of the file, in messages.
#include "base/shown_text.hpp"

#include <cstddef>

#include <holdfast/detail/cbor.hpp>

namespace holdfast {

std::string shown_text(std::string_view text) {
    constexpr std::size_t shown_max = 80;
    std::string shown(text.substr(0, shown_max));
    // Not within a character of several bytes.
    for (std::size_t cut = 0; text.size() > shown_max && cut < 3 && !detail::is_utf8(shown); ++cut) {
        shown.pop_back();
    }
    const bool readable = detail::is_utf8(shown);
    for (char& byte : shown) {
        const auto code = static_cast<unsigned char>(byte);
        if (code < 0x20 || code == 0x7F || (!readable && code >= 0x80)) {
            byte = '?';
        }
    }
    for (std::size_t at = 0; (at = shown.find('\xC2', at)) != shown.npos; ++at) {
        if (at + 1 < shown.size() && static_cast<unsigned char>(shown[at + 1]) < 0xA0) {
            shown.replace(at, 2, "?"); // U+0080 to U+009F drive terminals, too
        }
    }
    return "'" + shown + (text.size() > shown_max ? "...'" : "'");
}

} // namespace holdfast
