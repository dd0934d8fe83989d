// What a medium may hold after a power cut: a recorder of a store file in memory, and the images it makes.
//
// While it watches, it compares the file's pages with what it saw last and keeps every version of each that it saw
// since the last barrier over it. A barrier (a flush of a range, a durable write, a sync) makes the present version
// the only one. An image takes for each page, or each sector of it, the durable version or any that was seen since.
// It never misses what reached the medium; versions that came and went between two looks, it does.
//
// Thread safety: one thread works on the store, and that thread's barriers are all that are seen. What another process
// did meanwhile is told by `reached`. The control area's table is seen as far as its first step goes.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "format/geometry.hpp"
#include "random.hpp"

namespace holdfast::crash {

inline constexpr std::size_t page_bytes = 4096;
inline constexpr std::size_t sector_bytes = 512;

/// A file after a cut. Pages that are not there are holes.
struct image {
    std::uint64_t file_bytes = 0;
    std::uint64_t device = 0; ///< of the recorded file
    std::uint64_t inode = 0;
    std::map<std::uint64_t, std::string> pages; ///< by offset

    /// Makes the file anew. `same_file`: with the stamp of a file that was not copied.
    void write(const std::filesystem::path& path, bool same_file) const;
};

/// Which version each part of the file has.
enum class survival : std::uint8_t { old, present, page, sector, header, heap };
inline constexpr std::size_t survivals = 6;

class medium {
public:
    /// All that is in the file is durable.
    explicit medium(const std::filesystem::path& path);
    ~medium();
    medium(const medium&) = delete;
    medium& operator=(const medium&) = delete;

    /// Compares the file with what was seen last.
    void look();
    /// The present bytes of a range are durable; `bytes` 0: of the whole file. Looks first.
    void reached(std::uint64_t start, std::uint64_t bytes);
    /// Also makes what is now in the file the last that was seen.
    [[nodiscard]] image cut(survival how, random_source& random);

private:
    struct page {
        std::string durable;
        std::vector<std::string> since; ///< the last is the present one
        [[nodiscard]] const std::string& present() const { return since.empty() ? durable : since.back(); }
    };
    [[nodiscard]] std::uint64_t file_bytes() const;
    void look_at(std::uint64_t start, std::uint64_t end);
    [[nodiscard]] static std::string mixed(const page& of, random_source& random);

    int fd_ = -1;
    const char* base_ = nullptr;
    std::uint64_t device_ = 0;
    std::uint64_t inode_ = 0;
    std::uint64_t durable_bytes_ = 0;
    std::map<std::uint64_t, page> pages_;      ///< all but those that were never seen to be other than zero
    std::map<std::uint64_t, page*> unsettled_; ///< those with versions since the last barrier
};

} // namespace holdfast::crash
