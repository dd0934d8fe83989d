// Lines of JSON as entries: whatever they hold, they are refused with an error, or what is read of them is written
// and read
// again as the same.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <holdfast/entry_json.hpp>
#include <holdfast/error.hpp>

namespace {

using namespace holdfast;

struct parts {
    key_type keys;
    std::string key;
    value_type type = value_type::null;
    std::string value;
};

parts read(std::string_view line) {
    const entry_json members(line);
    parts found;
    found.keys = members.key_type().value_or(key_type());
    members.append_key(found.key, found.keys);
    found.type = members.append_value(found.value);
    return found;
}

void check(std::string_view line) {
    const parts first = read(line);
    if (!first.keys.accepts(first.key)) {
        return; // bytes in base64 may be anything; the store refuses them
    }
    std::string written;
    append_entry_json(written, first.keys, {first.key, {first.type, first.value, 1}});
    const parts second = read(written);
    if (second.keys != first.keys || second.key != first.key || second.type != first.type ||
        second.value != first.value) {
        std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        check({reinterpret_cast<const char*>(data), size});
    } catch (const error& failure) {
        if (failure.reason() == errc::corrupt) {
            std::abort(); // nothing of it was in a file
        }
    }
    return 0;
}
