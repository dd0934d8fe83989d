// Documents as a whole: whether one is well-formed, and the name of its type.
#include <holdfast/json.hpp>

#include <holdfast/detail/cbor.hpp>

namespace holdfast {

std::string_view document_type_name(std::string_view document) noexcept {
    try {
        detail::cbor_reader from(document);
        return detail::take_type_name(from);
    } catch (...) {
        return {};
    }
}

void append_type_name(std::string& to, std::string_view name) {
    if (name.empty()) {
        return;
    }
    detail::cbor_writer writer(to);
    detail::put_type_name(writer, name);
    writer.finish();
}

void verify_document(std::string_view document) {
    detail::cbor_reader from(document);
    static_cast<void>(detail::take_type_name(from));
    from.skip(0, detail::cbor_texts::must_be_utf8);
    if (!from.at_end()) {
        from.throw_damaged("something follows its end");
    }
}

} // namespace holdfast
