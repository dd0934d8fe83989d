// Tag 27, an array of the name and the value.
#include "document_name.hpp"

#include <cstddef>

namespace holdfast::cli {

namespace {

/// The head of the CBOR text `name`, which has fewer than 2^32 bytes.
void append_cbor_text(std::string& to, std::string_view name) {
    constexpr unsigned text = 3u << 5;
    const std::size_t size = name.size();
    if (size < 24) {
        to.push_back(static_cast<char>(text | size));
    } else {
        const unsigned width = size < 0x100 ? 0 : size < 0x10000 ? 1 : 2;
        to.push_back(static_cast<char>(text | (24u + width)));
        for (unsigned shift = 8u << width; shift != 0;) {
            shift -= 8;
            to.push_back(static_cast<char>(size >> shift));
        }
    }
    to.append(name);
}

} // namespace

void append_document_name(std::string& to, std::string_view name) {
    if (!name.empty()) {
        to.append("\xd8\x1b\x82");
        append_cbor_text(to, name);
    }
}

} // namespace holdfast::cli
