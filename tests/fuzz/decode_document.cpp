// Any bytes as a document: checked, printed, read into objects. What prints as JSON reads back, and prints the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <holdfast/document.hpp>
#include <holdfast/json.hpp>

#include "rich_object.hpp"

namespace {

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

/// Whether it was done; nothing but an error of ours may come instead.
template <class Function>
bool succeeds(const Function& function) {
    try {
        function();
        return true;
    } catch (const holdfast::error&) {
        return false;
    }
}

void check_json(std::string_view document) {
    std::string json;
    if (!succeeds([&] { json = holdfast::document_to_json(document); })) {
        return;
    }
    holdfast::verify_document(document);
    const std::string read = holdfast::document_from_json(json);
    holdfast::verify_document(read);
    require(holdfast::document_to_json(read) == json);
    require(holdfast::document_from_json(holdfast::document_to_json(read)) == read);
}

template <class T>
void check_object(std::string_view document) {
    T object{};
    if (!succeeds([&] { holdfast::from_document(document, object); })) {
        return;
    }
    // What was read can be written, and that reads the same.
    std::string written;
    if (!succeeds([&] { written = holdfast::to_document(object); })) {
        return;
    }
    holdfast::verify_document(written);
    require(holdfast::to_document(holdfast::from_document<T>(written)) == written);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view document(reinterpret_cast<const char*>(data), size);
    succeeds([&] { holdfast::verify_document(document); });
    static_cast<void>(holdfast::document_type_name(document));
    check_json(document);
    check_object<holdfast::fuzz::rich_object>(document);
    check_object<std::vector<std::vector<std::string>>>(document);
    check_object<std::map<std::string, std::vector<std::optional<double>>>>(document);
    return 0;
}
