// Temporary stores and their final check.
#include "support/temporary_store.hpp"

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <vector>

namespace holdfast::test {

std::filesystem::path folder_in_memory() {
    return std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path();
}

temporary_store::temporary_store(const std::filesystem::path& parent) {
    std::string pattern = (parent / "holdfast-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
        throw std::runtime_error("can't make a folder in " + parent.string());
    }
    folder_ = pattern;
}

temporary_store::~temporary_store() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

store temporary_store::open(open_mode mode) const {
    open_options options;
    options.mode = mode;
    // Tests arm failpoints and fork, which must not meet a thread of ours; store/sync_test.cpp is about that thread.
    options.sync_interval = std::chrono::milliseconds(0);
    return store::open(path(), options);
}

void expect_sound(const store& checked) {
    const std::vector<finding> found = checked.check();
    for (const finding& one : found) {
        ADD_FAILURE() << one.what << " (map \"" << one.map << "\", key \"" << one.key.substr(0, 80) << "\")";
        if (&one - found.data() == 9) {
            ADD_FAILURE() << "and " << found.size() - 10 << " more";
            break;
        }
    }
}

std::uint64_t amount_of_work(std::uint64_t usual, const char* variable) {
    const char* const chosen = variable == nullptr ? nullptr : std::getenv(variable);
    if (chosen != nullptr) {
        return std::strtoull(chosen, nullptr, 10);
    }
    return sanitized ? (usual + 9) / 10 : usual;
}

std::string numbered(std::string_view prefix, std::uint64_t number) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%08llu", static_cast<unsigned long long>(number));
    return std::string(prefix) + digits;
}

std::string patterned(std::size_t size, std::uint64_t seed) {
    std::string made(size, '\0');
    std::uint64_t state = seed * 0x9E3779B97F4A7C15 + 1;
    for (char& byte : made) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        byte = static_cast<char>(state >> 32);
    }
    return made;
}

} // namespace holdfast::test
