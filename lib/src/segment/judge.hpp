// Judging a file by its bytes: is it a store, of which incarnation (read through the descriptor, before the file is
// mapped), where does its newest commit end, are its header pages those of the clean close. Everything is untrusted.
//
// Thread and process safety: may run beside writers of other processes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "format/commit.hpp"
#include "os/file.hpp"
#include "segment/durable.hpp"

namespace holdfast {

/// Throws unsupported where the file system keeps neither shared mappings nor locks coherent between machines, unless
/// `any` is wanted.
void judge_file_system(const os::file& f, const std::filesystem::path& path, bool any);

/// The incarnation of the store in `f`. Uses the superblock's copy where the first is damaged.
/// Throws not_a_store, newer_format, unsupported, corrupt, io_error.
[[nodiscard]] incarnation_id judge_file(const os::file& f, const std::filesystem::path& path);

struct judged_commit {
    format::commit_slot commit; ///< the one that readers see; sound
    std::uint64_t end_bytes;    ///< of the heap, which is at least the commit's; the file is at least as long
};

/// The newest commit of a mapped store. Throws corrupt, io_error.
[[nodiscard]] judged_commit judge_newest(std::byte* base, const os::file& f,
                                         const std::filesystem::path& path);

/// XXH3-64 of what a clean close leaves in front of the heap for the next one to believe: heap header, the heads but
/// those of sync points, which the durable slot says itself, directory, and the undo log's header. Alone, or under the
/// writer lock.
[[nodiscard]] std::uint64_t header_sum(const std::byte* base) noexcept;

} // namespace holdfast
