// What a medium may hold after a power cut: a recorder of a store file in memory, and the images it makes.
//
// While it watches, it compares the file's pages with what it saw last and keeps every version of each that it saw
// since the last barrier over it. A barrier (a flush of a range, a durable write, a sync) makes the present version
// the only one. An image takes for each page, or each sector of it, the durable version or any that was seen since.
// It never misses what reached the medium; versions that came and went between two looks, it does.
//
// Thread safety: one thread. What other processes store is seen by the next look; what they brought to the medium is
// told by `reached`, while they stand still. The control area's table is seen as far as its first step goes.
// Invariant: a version, once seen, keeps its bytes and its address as long as the medium lives; images refer to them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <vector>

#include "format/control.hpp"
#include "format/geometry.hpp"
#include "random.hpp"

namespace holdfast::crash {

inline constexpr std::size_t page_bytes = 4096;
inline constexpr std::size_t sector_bytes = 512;
using page_content = std::array<char, page_bytes>;
/// Where they are; null: all zero.
using page_version = const page_content*;

/// A store may grow so far while it is watched.
inline constexpr std::uint64_t watched_bytes_max = format::heap_offset + 192 * format::mib;

/// Pages are counted without the part in front of the heap that is never touched.
namespace places {
inline constexpr std::uint64_t front_bytes = format::attachments_offset + format::control_step_bytes;
inline constexpr std::size_t front = front_bytes / page_bytes;
[[nodiscard]] constexpr std::uint64_t offset_of(std::size_t place) noexcept {
    return place < front ? place * page_bytes : format::heap_offset + (place - front) * page_bytes;
}
/// The first place that is not below an offset.
[[nodiscard]] constexpr std::size_t up_to(std::uint64_t offset) noexcept {
    const std::uint64_t in_heap = offset < format::heap_offset ? 0 : offset - format::heap_offset;
    const std::uint64_t in_front = offset < front_bytes ? offset : front_bytes;
    return (in_front + in_heap + page_bytes - 1) / page_bytes;
}
} // namespace places

/// A file after a cut. Lives no longer than the medium that made it.
struct image {
    std::uint64_t file_bytes = 0;
    std::uint64_t device = 0; ///< of the recorded file
    std::uint64_t inode = 0;
    std::vector<page_version> pages;               ///< by place
    std::shared_ptr<std::deque<page_content>> own; ///< those that no recorded version is like
};

/// Which version each part of the file has.
enum class survival : std::uint8_t {
    old,         ///< as the last barriers left it
    present,     ///< all that is in the page cache was written back: a clean reboot
    page,        ///< each page on its own
    sector,      ///< each sector on its own
    header,      ///< all in front of the heap, and nothing of the heap
    heap,        ///< the other way round
    only_one,    ///< one page
    all_but_one, ///< all but one
};
inline constexpr std::size_t survivals = 8;

class medium {
public:
    /// `durable`: all that is in the file is on the medium; else nothing is.
    explicit medium(const std::filesystem::path& path, bool durable = true);
    ~medium();
    medium(const medium&) = delete;
    medium& operator=(const medium&) = delete;

    /// Compares the file with what was seen last.
    void look();
    /// The present bytes of a range are durable; `bytes` 0: of the whole file. Looks first.
    void reached(std::uint64_t start, std::uint64_t bytes);
    /// Also makes what is now in the file the last that was seen.
    [[nodiscard]] image cut(survival how, random_source& random);

    /// Goes on with a copy as `cp` makes it, from its front to its end: `pages` more, as they are now. Whether that
    /// was all.
    [[nodiscard]] bool copy(image& to, std::size_t pages) const;

private:
    struct page_history {
        page_version durable = nullptr;
        std::vector<page_version> since; ///< the last is the present one
        [[nodiscard]] page_version present() const { return since.empty() ? durable : since.back(); }
    };
    [[nodiscard]] std::uint64_t file_bytes() const;
    [[nodiscard]] const char* bytes_at(std::size_t index) const noexcept {
        return base_ + places::offset_of(index);
    }
    [[nodiscard]] page_version keep(const char* bytes);
    [[nodiscard]] page_version patched(page_version old, std::size_t from, std::size_t to, const char* bytes);
    void settle(std::size_t index, std::uint64_t start, std::uint64_t end);
    [[nodiscard]] static page_version mixed(const page_history& of, image& made, random_source& random);
    void survive(image& made, survival how, random_source& random);

    int fd_ = -1;
    const char* base_ = nullptr;
    std::uint64_t device_ = 0;
    std::uint64_t inode_ = 0;
    std::uint64_t durable_bytes_ = 0;
    std::deque<page_content> versions_;
    std::vector<page_history> places_;
    std::vector<std::size_t> unsettled_; ///< those with versions since the last barrier, in no order
};

/// A file that images are put into, one after another: only pages that differ are written.
class image_file {
public:
    explicit image_file(std::filesystem::path path) : path_(std::move(path)) {}
    ~image_file();
    image_file(const image_file&) = delete;
    image_file& operator=(const image_file&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    /// Nobody has the file open. `same_file`: with the stamp of a file that was not copied. `afresh`: in a new file,
    /// whose pages without a byte are holes.
    void put(const image& made, bool same_file, bool afresh);

private:
    void open_anew();
    void close() noexcept;
    void put_page(char* to, page_version from, bool hole) noexcept;

    std::filesystem::path path_;
    int fd_ = -1;
    char* base_ = nullptr;
};

} // namespace holdfast::crash
