// What tests of whole stores share: a folder that vanishes, the check that ends a test, and how much work is sane
// in the build at hand.
//
// Thread safety: values; the functions may be called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

namespace holdfast::test {

/// A new folder below `parent`, or the system's folder for temporary files; removed with all in it at the end of its
/// scope.
class temporary_store {
public:
    explicit temporary_store(const std::filesystem::path& parent = std::filesystem::temp_directory_path());
    ~temporary_store();
    temporary_store(const temporary_store&) = delete;
    temporary_store& operator=(const temporary_store&) = delete;

    /// Where the store belongs; nothing is there yet.
    [[nodiscard]] std::filesystem::path path() const { return folder_ / "test.hold"; }
    [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
    /// Opens it, for the first time or again.
    [[nodiscard]] holdfast::store open(open_mode mode = open_mode::create) const;

private:
    std::filesystem::path folder_;
};

/// Where syncing costs nothing, if there is such a place: for tests that open and close very often.
[[nodiscard]] std::filesystem::path folder_in_memory();

/// Runs the whole check, which must find nothing.
void expect_sound(const store& checked);

/// Calls `operation`, which must throw a holdfast::error of that reason.
template <class Operation>
void expect_failure(errc reason, Operation&& operation) {
    try {
        operation();
        ADD_FAILURE() << "nothing was thrown; expected " << make_error_code(reason).message();
    } catch (const error& failure) {
        EXPECT_EQ(failure.code(), make_error_code(reason)) << failure.what();
    }
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif
#else
inline constexpr bool sanitized = false;
#endif

/// `usual`, a tenth of it under a sanitizer; or what the environment variable says, if it is set.
[[nodiscard]] std::uint64_t amount_of_work(std::uint64_t usual, const char* variable = nullptr);

/// "prefix" and the number in eight digits.
[[nodiscard]] std::string numbered(std::string_view prefix, std::uint64_t number);

/// `size` bytes that depend on `seed`.
[[nodiscard]] std::string patterned(std::size_t size, std::uint64_t seed);

} // namespace holdfast::test
