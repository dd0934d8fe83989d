// How files are dropped from the page cache, without the rights that dropping all of it takes.
#include "run/page_cache.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace compare {

namespace {

constexpr std::size_t page_bytes = 4096;

[[nodiscard]] std::size_t pages_in_memory(int file, std::size_t bytes) {
    void* mapped = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED) {
        throw not_here("can't map a file");
    }
    std::vector<unsigned char> pages((bytes + page_bytes - 1) / page_bytes);
    const int status = ::mincore(mapped, bytes, pages.data());
    ::munmap(mapped, bytes);
    if (status != 0) {
        throw not_here("can't ask what is in memory");
    }
    std::size_t found = 0;
    for (const unsigned char page : pages) {
        found += page & 1U;
    }
    return found;
}

void drop(const std::filesystem::path& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat found {};
    if (file < 0 || ::fstat(file, &found) != 0) {
        throw not_here("can't open " + path.string());
    }
    ::fsync(file);
    ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    const auto bytes = static_cast<std::size_t>(found.st_size);
    const std::size_t left = bytes == 0 ? 0 : pages_in_memory(file, bytes);
    ::close(file);
    // Pages that were being used at that moment stay; a few don't matter.
    if (left > 16 && left > bytes / page_bytes / 20) {
        throw not_here(path.filename().string() + " stays in the page cache");
    }
}

} // namespace

void drop_page_cache(const std::filesystem::path& folder) {
    for (const auto& each : std::filesystem::recursive_directory_iterator(folder)) {
        if (each.is_regular_file()) {
            drop(each.path());
        }
    }
}

} // namespace compare
