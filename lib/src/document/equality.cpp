// Whether two documents say the same: each is rewritten in one canonical form, and the bytes are compared.
//
// The form: integers and floats of whole value alike as integers, other floats as doubles with one NaN, strings in one
// piece, arrays and objects ended by a break, the pairs of an object sorted. Sorting the pairs, each of which is
// self-delimiting, makes objects multisets, and takes O(n log n) where their order differs.
#include <holdfast/json.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include <holdfast/detail/cbor.hpp>

namespace holdfast {
namespace {

using detail::cbor_head;
using detail::cbor_major;
using detail::cbor_reader;

constexpr char break_byte = static_cast<char>(0xFF);

class canonical_form {
public:
    canonical_form(std::string& to, cbor_reader& from) noexcept : to_(to), from_(from) {}

    void append_item(std::size_t depth) {
        const cbor_head found = from_.item();
        if (found.is_integer()) {
            append_head(found.major, found.argument);
        } else if (found.is_string()) {
            const std::string_view text = from_.take_string(found, pieces_);
            append_head(found.major, text.size());
            to_ += text;
        } else if (found.major == cbor_major::array) {
            append_array(found, depth);
        } else if (found.major == cbor_major::map) {
            append_object(found, depth);
        } else if (found.is_float()) {
            append_float(detail::cbor_float(found));
        } else {
            append_head(cbor_major::simple, found.is_null() ? cbor_head::info_null : found.argument);
        }
    }

private:
    void append_head(cbor_major major, std::uint64_t argument) {
        char bytes[1 + sizeof argument];
        bytes[0] = static_cast<char>(static_cast<unsigned>(major) << 5 | cbor_head::info_double);
        detail::store_big_endian<sizeof argument>(bytes + 1, argument);
        to_.append(bytes, sizeof bytes);
    }

    void append_float(double number) {
        constexpr double beyond = 18446744073709551616.0; // 2^64
        if (std::trunc(number) == number && number >= -beyond && number < beyond) {
            // -1 minus the argument: of -2^64 the largest, which "-number - 1" would round.
            const bool smallest = number == -beyond;
            number >= 0 ? append_head(cbor_major::positive, static_cast<std::uint64_t>(number))
            : smallest  ? append_head(cbor_major::negative, std::numeric_limits<std::uint64_t>::max())
                        : append_head(cbor_major::negative, static_cast<std::uint64_t>(-number) - 1);
            return;
        }
        to_ += static_cast<char>(0xFA); // no head above is of this form
        const double one_nan = std::isnan(number) ? std::numeric_limits<double>::quiet_NaN() : number;
        append_head(cbor_major::simple, std::bit_cast<std::uint64_t>(one_nan));
    }

    void begin(cbor_major major, std::size_t depth) {
        if (depth == detail::cbor_depth_max) {
            from_.throw_damaged("nests more than 128 levels deep");
        }
        to_ += static_cast<char>(static_cast<unsigned>(major) << 5 | cbor_head::info_indefinite);
    }

    /// Whether a container has no more items; passes its break.
    bool ends(std::uint64_t& left) {
        if (left != cbor_reader::count_unknown) {
            return left-- == 0;
        }
        if (!from_.at_break()) {
            return false;
        }
        from_.take_break();
        return true;
    }

    void append_array(const cbor_head& found, std::size_t depth) {
        begin(cbor_major::array, depth);
        for (std::uint64_t left = from_.count(found); !ends(left);) {
            append_item(depth + 1);
        }
        to_ += break_byte;
    }

    void append_object(const cbor_head& found, std::size_t depth) {
        begin(cbor_major::map, depth);
        std::vector<std::size_t> begins{to_.size()};
        for (std::uint64_t left = from_.count(found); !ends(left);) {
            append_item(depth + 1);
            append_item(depth + 1);
            begins.push_back(to_.size());
        }
        sort_pairs(begins);
        to_ += break_byte;
    }

    /// Of the innermost object: `begins` is where each pair begins, and where the last one ends.
    void sort_pairs(const std::vector<std::size_t>& begins) {
        const std::string_view all(to_);
        std::vector<std::string_view> pairs;
        pairs.reserve(begins.size());
        for (std::size_t i = 1; i < begins.size(); ++i) {
            pairs.push_back(all.substr(begins[i - 1], begins[i] - begins[i - 1]));
        }
        if (std::is_sorted(pairs.begin(), pairs.end())) {
            return;
        }
        std::sort(pairs.begin(), pairs.end());
        std::string sorted;
        sorted.reserve(to_.size() - begins.front());
        for (const std::string_view pair : pairs) {
            sorted += pair;
        }
        to_.replace(begins.front(), std::string::npos, sorted);
    }

    std::string& to_;
    cbor_reader& from_;
    std::string pieces_;
};

/// The reader is behind the name of the type.
std::string canonical(cbor_reader& document) {
    std::string form;
    canonical_form(form, document).append_item(0);
    if (!document.at_end()) {
        document.throw_damaged("something follows its end");
    }
    return form;
}

} // namespace

bool same_document(std::string_view left, std::string_view right) {
    if (left == right) {
        return true;
    }
    cbor_reader left_items(left);
    cbor_reader right_items(right);
    const std::string_view left_name = detail::take_type_name(left_items);
    const std::string_view right_name = detail::take_type_name(right_items);
    if (!left_name.empty() && !right_name.empty() && left_name != right_name) {
        return false;
    }
    return canonical(left_items) == canonical(right_items);
}

} // namespace holdfast
