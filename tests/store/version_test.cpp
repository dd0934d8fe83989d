// The version in its three forms. That it is the project's is checked when that is configured.
#include <string>

#include <gtest/gtest.h>

#include <holdfast/version.hpp>

namespace holdfast::test {
namespace {

#if HOLDFAST_VERSION < HOLDFAST_MAKE_VERSION(0, 1, 0) || HOLDFAST_VERSION >= HOLDFAST_MAKE_VERSION(1000, 0, 0)
#error "the version can't be compared by the preprocessor"
#endif

static_assert(HOLDFAST_MAKE_VERSION(1, 2, 3) > HOLDFAST_MAKE_VERSION(1, 1, 999));
static_assert(HOLDFAST_MAKE_VERSION(1, 0, 0) > HOLDFAST_MAKE_VERSION(0, 999, 999));

TEST(version, is_the_same_as_numbers_and_as_text) {
    EXPECT_EQ(HOLDFAST_MAKE_VERSION(version_major, version_minor, version_patch), HOLDFAST_VERSION);
    EXPECT_EQ(version_text, std::to_string(version_major) + '.' + std::to_string(version_minor) + '.' +
                                std::to_string(version_patch));
}

} // namespace
} // namespace holdfast::test
