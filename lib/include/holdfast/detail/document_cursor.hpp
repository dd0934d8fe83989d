// The places in a document while it is read into objects, and in one that is being written: which containers are
// open, which field comes next. The archives of <holdfast/document.hpp> lend it the types.
//
// Thread and process safety: plain objects.
// Invariants: fields are found in any order; each byte of a document is passed before it counts as read; nothing is
// allocated for a count before that many items were seen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <typeinfo>

#include <holdfast/detail/cbor.hpp>
#include <holdfast/detail/export.hpp>

namespace holdfast::detail {

/// The key under which cereal keeps the version of a class.
inline constexpr std::string_view class_version_key = "cereal_class_version";

/// The name of a value without one, "value0" and so on, as cereal counts them in an object.
class bare_name {
public:
    explicit bare_name(std::uint32_t index) noexcept;
    [[nodiscard]] operator std::string_view() const noexcept { return {text_, size_}; }

private:
    char text_[16];
    std::size_t size_;
};

inline bare_name::bare_name(std::uint32_t index) noexcept : text_{'v', 'a', 'l', 'u', 'e'}, size_(5) {
    std::uint32_t scale = 1;
    while (index / scale >= 10) {
        scale *= 10;
    }
    for (; scale > 0; scale /= 10) {
        text_[size_++] = static_cast<char>('0' + index / scale % 10);
    }
}

/// Writes objects, arrays and what is in them.
class document_builder {
public:
    explicit document_builder(std::string& to) noexcept : out(to) {}

    /// The name of the next value; without one it is "value0" and so on.
    void name_next(const char* name) noexcept { name_ = name; }

    /// To be called before any item is written.
    void begin_item() {
        if (depth_ == 0) {
            begin_root();
            return;
        }
        container& inner = open_[depth_ - 1];
        ++inner.count;
        if (inner.kind == shape::object) {
            name_ != nullptr ? out.text(name_) : out.text(bare_name(inner.bare++));
        }
        name_ = nullptr;
    }

    void begin_object() { begin(shape::object, cbor_major::map, 0); }
    void begin_array(std::uint64_t count) { begin(shape::array, cbor_major::array, count); }
    /// A map whose keys the caller writes to `out` itself.
    void begin_map(std::uint64_t count) { begin(shape::map, cbor_major::map, count); }

    /// cereal says how many elements follow: the object just begun is an array. In one that has fields already, the
    /// number is just another field.
    void size_tag(std::uint64_t count) {
        if (depth_ == 0 || open_[depth_ - 1].count > 0 || open_[depth_ - 1].kind != shape::object) {
            begin_item();
            out.unsigned_integer(count);
            return;
        }
        container& inner = open_[depth_ - 1];
        inner.kind = shape::array;
        inner.promised = count;
        out.truncate(inner.start);
        out.head(cbor_major::array, count);
    }

    void end() {
        const container& inner = open_[--depth_];
        if (inner.count != inner.promised) {
            out.set_count(inner.start, inner.kind == shape::array ? cbor_major::array : cbor_major::map,
                          inner.count);
        }
    }

    cbor_writer out;

private:
    enum class shape : std::uint8_t { object, map, array };
    struct container {
        std::size_t start;
        std::uint64_t count;
        std::uint64_t promised; ///< what its head says
        std::uint32_t bare;
        shape kind;
    };

    void begin(shape which, cbor_major major, std::uint64_t count) {
        begin_item();
        if (depth_ == cbor_depth_max) {
            throw_too_deep();
        }
        open_[depth_++] = {out.position(), 0, count, 0, which};
        out.head(major, count);
    }
    HOLDFAST_API void begin_root();
    [[noreturn]] HOLDFAST_API static void throw_too_deep();

    const char* name_ = nullptr;
    std::size_t depth_ = 0;
    bool root_begun_ = false;
    container open_[cbor_depth_max];
};

/// Whether an object must have every field that is asked for. What cereal reads into variables of its own must; the
/// fields of a user's class keep what they were.
enum class missing_fields : bool { keep_their_value, are_errors };

/// Finds values and says what is wrong with them.
class HOLDFAST_API document_cursor {
public:
    /// At the item of the document; its type's name, if it has one, was passed.
    explicit document_cursor(std::string_view document);

    [[nodiscard]] std::string_view type_name() const noexcept { return type_name_; }

    // ---- Where the next value is ----

    /// Goes to the value of a field. False if there is none, and it may be missing.
    [[nodiscard]] bool find(std::string_view name) {
        if (depth_ > 0) {
            const container& inner = open_[depth_ - 1];
            if (inner.index != inner.count && reader_.take_key(name)) {
                name_ = name;
                return ready_ = true;
            }
        }
        return search(name);
    }
    /// The same for a value without a name: the next element, or "value0" and so on.
    [[nodiscard]] bool next();
    /// For values that come without having been asked for: goes to the next one, or throws.
    void need() {
        if (!ready_) {
            go_on();
        }
    }

    /// Enters the object, or array, that comes next. `pointer` is the type that a smart pointer has.
    void enter(missing_fields missing, std::uint32_t class_version, const std::type_info* pointer);
    void leave();

    /// How many elements the array has that was entered; each was seen to be there.
    [[nodiscard]] std::uint64_t size();
    /// Enters an array of exactly `count` elements.
    void enter_array(std::uint64_t count);

    /// Enters an object, to take its fields as they come.
    void enter_map();
    [[nodiscard]] bool next_entry(std::string& key);

    [[nodiscard]] std::uint32_t class_version() const noexcept {
        return depth_ == 0 ? 0 : open_[depth_ - 1].class_version;
    }
    [[nodiscard]] const std::type_info* pointer_type() const noexcept {
        return depth_ == 0 ? nullptr : open_[depth_ - 1].pointer;
    }

    // ---- The next value ----

    [[nodiscard]] cbor_head take() {
        need();
        ready_ = false;
        return reader_.item();
    }
    /// To be called after a value was read.
    void done() noexcept {
        if (depth_ > 0) {
            ++open_[depth_ - 1].index;
        }
    }
    /// Passes a null, if that is what comes next.
    [[nodiscard]] bool take_null();
    [[nodiscard]] bool is_array();
    [[nodiscard]] std::string_view take_string(std::string& pieces, bool bytes_only);

    /// Exactly `size` bytes, to `data`.
    void take_bytes(void* data, std::size_t size);
    /// The integer that a float is, as a head; throws if it is none.
    [[nodiscard]] cbor_head integer_of(const cbor_head& number) const;
    /// Out of the text that keeps it exactly, or another number.
    [[nodiscard]] long double take_long_double();

    /// All was read, and nothing is left.
    void finish();

    [[noreturn]] void throw_wrong_kind(const cbor_head& found, const char* asked) const;
    [[noreturn]] void throw_wrong_size(std::uint64_t found, std::uint64_t asked) const;
    [[noreturn]] void throw_inexact(const cbor_head& number) const;
    [[noreturn]] void throw_damaged(const char* what) const { reader_.throw_damaged(what); }

private:
    struct container {
        const char* name; ///< its own, for messages
        std::size_t name_size;
        std::size_t start;       ///< its first element or field
        std::size_t far;         ///< what lies before was passed at least once
        std::uint64_t index;     ///< the element or field that the reader is at
        std::uint64_t far_index; ///< the one that is at `far`
        std::uint64_t count;
        const std::type_info* pointer;
        std::uint32_t class_version;
        std::uint32_t bare;
        missing_fields missing;
        bool array;
        bool sized;      ///< the array was asked for its size
        bool indefinite; ///< it ends with a break
    };

    bool search(std::string_view name);
    bool scan(std::string_view name, std::uint64_t end_index);
    bool take_next_element(const container& array);
    bool take_root();
    void go_on();
    container& push(const cbor_head& found);
    [[nodiscard]] bool at_end_of(container& inner);
    void count_elements(container& array);
    std::uint64_t count_fields(container& object);
    void verify_elements(const container& array);
    [[nodiscard]] std::string_view take_key(std::string& pieces);
    /// "field 'a.b[3]'", of the value that is being read or of the container that is open.
    [[nodiscard]] std::string value_place() const;
    [[nodiscard]] std::string container_place() const;

    cbor_reader reader_;
    std::string_view type_name_;
    std::string_view name_; ///< of the value that is next, or was read last
    std::size_t depth_ = 0;
    std::size_t verified_ = 0; ///< up to here the bytes are known to be well-formed
    bool ready_ = false;       ///< the reader is at a value, not at its key
    bool root_taken_ = false;
    container open_[cbor_depth_max];
};

/// What cereal, or the standard library under it, threw about a document, as one of our errors.
[[noreturn]] HOLDFAST_API void throw_unreadable(const char* reason);
[[noreturn]] HOLDFAST_API void throw_unwritable(const char* reason);
[[noreturn]] HOLDFAST_API void throw_other_type(std::string_view found, std::string_view asked);

} // namespace holdfast::detail
