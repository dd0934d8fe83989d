// The name of a document's type, as CBOR (docs/format.md, "Documents").
#pragma once

#include <string>
#include <string_view>

namespace holdfast::cli {

/// Appends what comes before a document without a name so that it has this one; nothing if that is empty.
void append_document_name(std::string& to, std::string_view name);

} // namespace holdfast::cli
