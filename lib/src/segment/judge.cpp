// Judging superblock, head and heap header.
#include "segment/judge.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <string>

#include "base/checksum.hpp"
#include "format/heap.hpp"
#include "format/superblock.hpp"
#include "segment/commits.hpp"
#include "segment/failure.hpp"
#include "segment/heap_totals.hpp"

namespace holdfast {

namespace {

using format::superblock;
using format::superblock_state;

constexpr std::string_view restore = "restore it from a backup";
constexpr std::string_view save_the_rest =
    "save what can be read, as 'holdfast export --all' does, or restore it from a backup";

struct judged_superblock {
    superblock block{};
    superblock_state state = superblock_state::foreign;
    bool has_magic = false;
};

judged_superblock read_superblock(const os::file& f, const std::filesystem::path& path,
                                  std::uint64_t offset) {
    judged_superblock result;
    std::array<std::byte, sizeof(superblock)> bytes{};
    std::size_t got = 0;
    if (const int code = f.read_at(bytes.data(), bytes.size(), offset, got); code != 0) {
        fail_system(code, path, "can't read the superblock");
    }
    result.state = format::judge_superblock(std::span(bytes).first(got));
    std::memcpy(&result.block, bytes.data(), bytes.size());
    result.has_magic =
        got >= format::superblock_magic.size() && result.block.magic == format::superblock_magic;
    return result;
}

std::uint64_t size_of(const os::file& f, const std::filesystem::path& path) {
    os::file_info info;
    if (const int code = f.query(info); code != 0) {
        fail_system(code, path, "can't query the file");
    }
    return info.bytes;
}

[[noreturn]] void fail_cut_short(const std::filesystem::path& path, std::uint64_t bytes, std::uint64_t needed,
                                 std::string_view what_to_do = restore) {
    fail(errc::corrupt, path,
         "the store is cut short: it has " + std::to_string(bytes) + " bytes and needs " +
             std::to_string(needed),
         what_to_do);
}

/// Neither superblock is sound.
[[noreturn]] void fail_unsound(const judged_superblock& first, bool copy_has_magic, std::uint64_t file_bytes,
                               const std::filesystem::path& path) {
    switch (first.state) {
    case superblock_state::newer:
        fail(errc::newer_format, path,
             "the store has format version " + std::to_string(first.block.version) +
                 " or features that this Holdfast, of version " + std::to_string(format::format_version) +
                 ", does not know",
             "update Holdfast");
    case superblock_state::older:
        fail(errc::unsupported, path,
             "the store has format version " + std::to_string(first.block.version) +
                 ", which this Holdfast, of version " + std::to_string(format::format_version) +
                 ", no longer reads",
             "export it with the program that made it, and import that");
    case superblock_state::other_machine:
        fail(errc::unsupported, path, "the store was made on a machine with another byte order or word size",
             "open it on a 64-bit little-endian machine");
    default:
        break;
    }
    if (!first.has_magic && !copy_has_magic) {
        if (file_bytes == 0) {
            fail(errc::not_a_store, path, "the file is empty, not a Holdfast store",
                 "remove it to have a store created in its place");
        }
        fail(errc::not_a_store, path, "the file is not a Holdfast store", "check the path");
    }
    if (file_bytes < format::heap_offset) {
        fail_cut_short(path, file_bytes, format::heap_offset);
    }
    fail(errc::corrupt, path, "both copies of the superblock are damaged", restore);
}

} // namespace

void judge_file_system(const os::file& f, const std::filesystem::path& path, bool any) {
    os::file_system kind = os::file_system::local;
    if (const int code = f.query(kind); code != 0) {
        fail_system(code, path, "can't query the file system");
    }
    if (kind == os::file_system::network && !any) {
        fail(errc::unsupported, path,
             "the file system is a network or user-space one, on which a store may break",
             "use a local file system, or force it where one machine alone uses the file");
    }
}

incarnation_id judge_file(const os::file& f, const std::filesystem::path& path) {
    const std::uint64_t file_bytes = size_of(f, path);
    judged_superblock chosen = read_superblock(f, path, format::superblock_offset);
    if (chosen.state != superblock_state::sound) {
        const judged_superblock copy = read_superblock(f, path, format::superblock_copy_offset);
        if (copy.state != superblock_state::sound) {
            fail_unsound(chosen, copy.has_magic, file_bytes, path);
        }
        chosen = copy;
    }
    if (file_bytes < format::heap_offset) {
        fail_cut_short(path, file_bytes, format::heap_offset);
    }
    return chosen.block.incarnation;
}

judged_commit judge_newest(std::byte* base, const os::file& f, const std::filesystem::path& path) {
    judged_commit judged{};
    if (!commits(base).copy_newest(judged.commit)) {
        fail(errc::corrupt, path, "the newest commit is damaged", save_the_rest);
    }
    const heap_totals heap = read_heap_totals(base);
    const std::uint64_t file_bytes =
        size_of(f, path); // after the head: files only grow while others are attached
    if (!heap.has_magic || heap.end_blocks < judged.commit.end_bytes / format::block_bytes ||
        heap.end_blocks > format::file_bytes_max / format::block_bytes) {
        fail(errc::corrupt, path, "the heap header is damaged", save_the_rest);
    }
    judged.end_bytes = heap.end_blocks * format::block_bytes;
    if (file_bytes < judged.end_bytes) {
        fail_cut_short(path, file_bytes, judged.end_bytes, save_the_rest);
    }
    return judged;
}

std::uint64_t header_sum(const std::byte* base) noexcept {
    constexpr std::uint64_t undo_header_bytes = offsetof(format::undo_log, first);
    constexpr std::uint64_t believed_heads = offsetof(format::heads, durable);
    static_assert(format::heap_header_offset < format::heads_offset &&
                  format::heads_offset < format::directory_offset &&
                  format::directory_offset < format::undo_log_offset);
    const std::uint64_t first =
        checksum64(base + format::heap_header_offset,
                   format::heads_offset + believed_heads - format::heap_header_offset);
    return checksum64(base + format::directory_offset,
                      format::undo_log_offset + undo_header_bytes - format::directory_offset, first);
}

} // namespace holdfast
