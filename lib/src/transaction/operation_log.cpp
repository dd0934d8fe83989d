// Serialising operations for the redo log.
#include "transaction/operation_log.hpp"

#include <cstring>

namespace holdfast {

using format::log_action;
using format::log_operation;

void operation_log::add(const log_operation& what, std::string_view key, std::string_view value) {
    if (!wants_more()) {
        return;
    }
    const std::size_t before = bytes_.size();
    const std::uint64_t more = sizeof what + key.size() + value.size();
    if (value.size() > limit_ || before + more > limit_) {
        return overflow();
    }
    bytes_.resize(before + more);
    std::byte* to = bytes_.data() + before;
    const auto append = [&to](const void* from, std::size_t bytes) {
        if (bytes != 0) {
            std::memcpy(to, from, bytes);
        }
        to += bytes;
    };
    log_operation sized = what;
    sized.key_bytes = static_cast<std::uint32_t>(key.size());
    sized.value_bytes = static_cast<std::uint32_t>(value.size());
    append(&sized, sizeof sized);
    append(key.data(), key.size());
    append(value.data(), value.size());
}

std::uint32_t operation_log::declare(std::string_view name, const format::map_root& map) {
    const format::log_map declared = {
        .id = map.id, .key_type = map.key_type, .reserved = {}, .key_parts = map.key_parts};
    add(log_action::map, 0, name, {reinterpret_cast<const char*>(&declared), sizeof declared});
    return ++maps_;
}

void operation_log::put(std::uint32_t map, std::string_view key, std::uint8_t value_type, bool aligned,
                        std::string_view value) {
    log_operation what{};
    what.action = static_cast<std::uint8_t>(log_action::put);
    what.value_type = value_type;
    what.aligned = aligned ? 1 : 0;
    what.map = map;
    add(what, key, value);
}

void operation_log::add(log_action action, std::uint32_t map, std::string_view key, std::string_view other) {
    log_operation what{};
    what.action = static_cast<std::uint8_t>(action);
    what.map = map;
    add(what, key, other);
}

} // namespace holdfast
