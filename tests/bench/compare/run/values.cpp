// The pool that values are cut from: small enough for a second-level cache, and never the same place twice in a row.
#include "run/values.hpp"

#include <random>

namespace compare {

namespace {

constexpr std::size_t pool_bytes = std::size_t{1} << 18;

} // namespace

value_source::value_source(std::size_t value_bytes, std::uint64_t seed)
    : pool_(pool_bytes + 2 * value_bytes),
      value_bytes_(value_bytes),
      last_(pool_.size() - value_bytes),
      generation_(seed << 13 | 1) {
    std::mt19937_64 random(seed);
    for (char& byte : pool_) {
        byte = static_cast<char>(random());
    }
}

} // namespace compare
