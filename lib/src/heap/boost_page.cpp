// Making Boost's segment manager in its page, and recognising it.
#include "heap/boost_page.hpp"

#include <atomic>
#include <type_traits>

#include <boost/interprocess/managed_external_buffer.hpp>
#include <holdfast/detail/heap_algorithm.hpp>

#include "base/checksum.hpp"
#include "format/heap.hpp"
#include "os/failpoint.hpp"

namespace holdfast {

namespace {

using boost_buffer =
    boost::interprocess::basic_managed_external_buffer<char, heap_algorithm, boost::interprocess::null_index>;

static_assert(std::is_same_v<boost_buffer::segment_manager, boost_segment_manager>);
static_assert(format::boost_segment_offset % heap_algorithm::Alignment == 0);
static_assert(format::boost_segment_offset + sizeof(boost_segment_manager) <= format::heap_header_offset);
// The algorithm, the mutex, and two empty indexes: the same in each Boost that was looked at (1.74, 1.81).
static_assert(sizeof(boost_segment_manager) == sizeof(heap_algorithm) + sizeof(segment_mutex) + 8);

/// The layout in the low half. Equal layouts of different versions of Boost are the same page.
constexpr std::uint64_t layout = std::uint64_t{1} << 24 | sizeof(boost_segment_manager);

[[nodiscard]] std::uint64_t stamp_for(segment& file) noexcept {
    const format::lock_stamp& now = file.control().stamp;
    return checksum64(&now, sizeof now) << 32 | layout;
}

[[nodiscard]] std::atomic_ref<std::uint64_t> stamp_of(segment& file) noexcept {
    auto* const header = reinterpret_cast<format::heap_header*>(file.base() + format::heap_header_offset);
    return std::atomic_ref(header->boost_stamp);
}

} // namespace

boost_page_state judge_boost_page(segment& file) noexcept {
    const std::uint64_t found = stamp_of(file).load(std::memory_order_acquire);
    const std::uint64_t wanted = stamp_for(file);
    if (found == wanted)
        return boost_page_state::usable;
    return found >> 32 == wanted >> 32 ? boost_page_state::foreign : boost_page_state::stale;
}

void format_boost_page(segment& file) {
    // Not journalled: no transaction depends on it, and a kill in here leaves a page without a stamp.
    stamp_of(file).store(0, std::memory_order_release);
    failpoint("boost_page.unstamped");
    auto* const header = reinterpret_cast<format::heap_header*>(file.base() + format::heap_header_offset);
    const std::uint64_t end_bytes = header->end_blocks * format::block_bytes;
    const boost_buffer made(boost::interprocess::create_only, file.base() + format::boost_segment_offset,
                            end_bytes - format::boost_segment_offset);
    failpoint("boost_page.made");
    stamp_of(file).store(stamp_for(file), std::memory_order_release);
}

} // namespace holdfast
