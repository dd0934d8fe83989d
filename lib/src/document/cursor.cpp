// Finding the values of a document: fields in any order, elements, what is missing.
#include <holdfast/detail/document_cursor.hpp>

#include <utility>

#include <holdfast/error.hpp>

namespace holdfast::detail {
namespace {

/// So many elements are made room for without a look at whether they are there.
constexpr std::uint64_t few = 64;

} // namespace

// ---- Writing -----------------------------------------------------------------------------------------------

void document_builder::begin_root() {
    if (std::exchange(root_begun_, true)) {
        throw error(errc::invalid_argument, "a document holds one value; put several into an object");
    }
    name_ = nullptr;
}

void document_builder::throw_too_deep() {
    throw error(errc::invalid_argument, "the object nests more than 128 levels deep; a document can't");
}

// ---- Reading -----------------------------------------------------------------------------------------------

document_cursor::document_cursor(std::string_view document)
    : reader_(document), type_name_(take_type_name(reader_)) {}

bool document_cursor::take_root() {
    if (std::exchange(root_taken_, true)) {
        throw error(errc::wrong_type, "the document holds one value only");
    }
    name_ = {};
    return ready_ = true;
}

bool document_cursor::at_end_of(container& inner) {
    if (inner.count == cbor_reader::count_unknown && reader_.at_break()) {
        inner.count = inner.index;
    }
    return inner.index == inner.count;
}

/// The key that comes next; "" for one that is no string.
std::string_view document_cursor::take_key(std::string& pieces) {
    const std::size_t start = reader_.position();
    const cbor_head key = reader_.item();
    if (key.is_string()) {
        return reader_.take_string(key, pieces);
    }
    reader_.seek(start);
    reader_.skip(depth_);
    return {};
}

/// Goes through the fields up to one, or to the end, looking for a name.
bool document_cursor::scan(std::string_view name, std::uint64_t end_index) {
    container& inner = open_[depth_ - 1];
    std::string pieces;
    while (!at_end_of(inner) && inner.index != end_index) {
        if (take_key(pieces) == name) {
            name_ = name;
            return ready_ = true;
        }
        reader_.skip(depth_);
        ++inner.index;
    }
    return false;
}

bool document_cursor::search(std::string_view name) {
    if (depth_ == 0) {
        return take_root();
    }
    container& inner = open_[depth_ - 1];
    if (inner.array) {
        return take_next_element(inner);
    }
    const std::uint64_t index = inner.index;
    const std::size_t position = reader_.position();
    if (scan(name, cbor_reader::count_unknown)) {
        return true;
    }
    // The end is known now. From the beginning, then.
    inner.far_index = inner.count;
    inner.far = reader_.position();
    inner.index = 0;
    reader_.seek(inner.start);
    if (scan(name, index)) {
        return true;
    }
    inner.index = index;
    reader_.seek(position);
    if (inner.missing == missing_fields::are_errors) {
        throw error(errc::wrong_type, container_place() + " lacks '" + std::string(name) + "'");
    }
    return false;
}

bool document_cursor::take_next_element(const container& array) {
    if (!array.sized) {
        throw error(errc::wrong_type, container_place() + " holds an array, not an object");
    }
    if (array.index == array.count) {
        return false;
    }
    name_ = {};
    return ready_ = true;
}

bool document_cursor::next() {
    if (depth_ == 0) {
        return take_root();
    }
    container& inner = open_[depth_ - 1];
    if (inner.array) {
        return take_next_element(inner);
    }
    const bare_name name(inner.bare++);
    if (!find(name)) {
        return false;
    }
    name_ = reader_.last(std::string_view(name).size());
    return true;
}

void document_cursor::go_on() {
    if (!next()) {
        throw error(errc::wrong_type, container_place() + " lacks a value");
    }
}

document_cursor::container& document_cursor::push(const cbor_head& found) {
    if (depth_ == cbor_depth_max) {
        throw_damaged("nests more than 128 levels deep");
    }
    const std::uint64_t count = reader_.count(found);
    container& inner = open_[depth_++];
    const std::size_t start = reader_.position();
    inner = {name_.data(),
             name_.size(),
             start,
             start,
             0,
             0,
             count,
             nullptr,
             0,
             0,
             missing_fields::keep_their_value,
             found.major == cbor_major::array,
             false,
             found.indefinite()};
    return inner;
}

void document_cursor::enter(missing_fields missing, std::uint32_t class_version,
                            const std::type_info* pointer) {
    const cbor_head found = take();
    if (!found.is_container()) {
        throw_wrong_kind(found, "an object");
    }
    container& inner = push(found);
    inner.missing = missing;
    inner.class_version = class_version;
    inner.pointer = pointer;
}

void document_cursor::leave() {
    container& inner = open_[depth_ - 1];
    if (inner.index < inner.far_index) {
        inner.index = inner.far_index;
        reader_.seek(inner.far);
    }
    while (!at_end_of(inner)) {
        if (!inner.array) {
            reader_.skip(depth_);
        }
        reader_.skip(depth_);
        ++inner.index;
    }
    if (inner.indefinite) {
        if (!reader_.at_break()) {
            throw_damaged("an array or object without its end");
        }
        reader_.take_break();
    }
    --depth_;
    done();
}

void document_cursor::count_elements(container& array) {
    const std::size_t position = reader_.position();
    std::uint64_t elements = 0;
    for (; !reader_.at_break(); ++elements) {
        reader_.skip(depth_);
    }
    array.count = elements;
    verified_ = reader_.position();
    reader_.seek(position);
}

/// Sees that the elements are there, so that no room is made for many that are not.
void document_cursor::verify_elements(const container& array) {
    const std::size_t position = reader_.position();
    if (array.count <= few || position < verified_) {
        return;
    }
    for (std::uint64_t i = 0; i < array.count; ++i) {
        reader_.skip(depth_);
    }
    verified_ = reader_.position();
    reader_.seek(position);
}

/// How many fields an object has; each was seen to be there.
std::uint64_t document_cursor::count_fields(container& object) {
    const std::size_t position = reader_.position();
    const std::uint64_t index = object.index;
    for (; !at_end_of(object); ++object.index) {
        reader_.skip(depth_);
        reader_.skip(depth_);
    }
    object.index = index;
    reader_.seek(position);
    return object.count;
}

std::uint64_t document_cursor::size() {
    if (depth_ == 0) {
        throw error(errc::wrong_type, "the document holds one value, not a size and elements");
    }
    container& inner = open_[depth_ - 1];
    if (inner.array && !inner.sized) {
        inner.sized = true;
        if (inner.count == cbor_reader::count_unknown) {
            count_elements(inner);
        }
        verify_elements(inner);
        return inner.count;
    }
    if (inner.array || !next()) {
        throw error(errc::wrong_type, container_place() + " holds an object, not an array");
    }
    const cbor_head number = take();
    if (number.major != cbor_major::positive || number.argument > reader_.left()) {
        throw_damaged("a size that is larger than the bytes that follow");
    }
    done();
    if (number.argument > few && number.argument > count_fields(inner)) {
        throw_damaged("a size that is larger than the number of fields");
    }
    return number.argument;
}

void document_cursor::enter_array(std::uint64_t count) {
    const cbor_head found = take();
    if (found.major != cbor_major::array) {
        throw_wrong_kind(found, "an array");
    }
    push(found);
    if (const std::uint64_t elements = size(); elements != count) {
        throw_wrong_size(elements, count);
    }
}

void document_cursor::enter_map() {
    const cbor_head found = take();
    if (found.major != cbor_major::map) {
        throw_wrong_kind(found, "an object");
    }
    push(found);
}

bool document_cursor::next_entry(std::string& key) {
    container& inner = open_[depth_ - 1];
    if (at_end_of(inner)) {
        return false;
    }
    const cbor_head found = reader_.item();
    if (!found.is_string()) {
        throw error(errc::wrong_type, container_place() + " holds an object with a key that is not text");
    }
    std::string pieces;
    key.assign(reader_.take_string(found, pieces));
    name_ = key;
    return ready_ = true;
}

bool document_cursor::take_null() {
    need();
    const std::size_t position = reader_.position();
    if (!reader_.item().is_null()) {
        reader_.seek(position);
        return false;
    }
    ready_ = false;
    done();
    return true;
}

bool document_cursor::is_array() {
    need();
    const std::size_t position = reader_.position();
    const bool found = reader_.item().major == cbor_major::array;
    reader_.seek(position);
    return found;
}

std::string_view document_cursor::take_string(std::string& pieces, bool bytes_only) {
    const cbor_head found = take();
    if (!found.is_string() || (bytes_only && found.major != cbor_major::bytes)) {
        throw_wrong_kind(found, bytes_only ? "bytes" : "text");
    }
    return reader_.take_string(found, pieces);
}

void document_cursor::finish() {
    if (!reader_.at_end()) {
        throw_damaged("something follows its end");
    }
}

} // namespace holdfast::detail
