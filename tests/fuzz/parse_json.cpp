// Any bytes as JSON: what is accepted makes a whole document, which prints as JSON that reads as the same document.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <holdfast/error.hpp>
#include <holdfast/json.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view json(reinterpret_cast<const char*>(data), size);
    std::string document = "before";
    try {
        holdfast::append_document(document, json);
    } catch (const holdfast::error& failure) {
        const bool expected = failure.reason() == holdfast::errc::invalid_argument ||
                              failure.reason() == holdfast::errc::out_of_range;
        const bool one_line = std::string_view(failure.what()).find('\n') == std::string_view::npos;
        if (!expected || !one_line || document != "before") {
            std::abort();
        }
        return 0;
    }
    document.erase(0, 6);
    holdfast::verify_document(document);
    const std::string printed = holdfast::document_to_json(document);
    if (holdfast::document_from_json(printed) != document) {
        std::abort();
    }
    return 0;
}
