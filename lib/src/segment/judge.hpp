// Judging a file by its bytes, read through the descriptor: is it a store, of which incarnation, where does its
// newest commit end. Everything read is untrusted; the mapping comes after it.
//
// Thread and process safety: may run beside writers of other processes.
#pragma once

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

struct judged_head {
    format::commit_slot commit; ///< the one that readers see; sound
    std::uint64_t end_bytes;    ///< of the heap, which is at least the commit's; the file is at least as long
};

/// Throws corrupt, io_error.
[[nodiscard]] judged_head judge_head(const os::file& f, const std::filesystem::path& path);

} // namespace holdfast
