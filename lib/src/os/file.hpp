// Files: descriptors, disk space, durable writes, publishing under a name.
//
// Functions return 0 or an errno; they retry EINTR. Every open os::file is closed in the child of a fork().
// Thread safety: as the descriptor's; opening, closing and moving a file need exclusive access to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace holdfast::os {

struct byte_range {
    std::uint64_t start = 0;
    std::uint64_t bytes = 1; ///< in locks, 0: up to the end of all offsets
};

enum class file_type { regular, folder, fifo, socket, device, other };

struct file_info {
    file_type type = file_type::other;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t bytes = 0;           ///< the size
    std::uint64_t allocated_bytes = 0; ///< on disk, as the file system counts it
};

/// What OFD locks and shared mappings between processes can be relied upon on, and what not.
enum class file_system { local, network };

/// What became of the name of an open file.
enum class file_fate { in_place, deleted, replaced };

class file {
public:
    file() noexcept = default;
    ~file();
    file(file&& other) noexcept;
    file& operator=(file&& other) noexcept;
    file(const file&) = delete;
    file& operator=(const file&) = delete;

    /// Opens what exists; never waits for the other end of a FIFO.
    [[nodiscard]] int open(const std::filesystem::path& path, bool writable) noexcept;
    /// Opens the file that `other` has open once more, so that the two have no locks in common: through /proc, or by
    /// `path` where that still leads to it (else ESTALE).
    [[nodiscard]] int reopen(const file& other, const std::filesystem::path& path, bool writable) noexcept;
    /// A new file of mode 0600 in a folder, known by no name. EOPNOTSUPP where that, or giving it one, is impossible.
    [[nodiscard]] int create_unnamed(const std::filesystem::path& folder) noexcept;
    /// A new file of mode 0600; EEXIST if the name is taken.
    [[nodiscard]] int create(const std::filesystem::path& path) noexcept;
    [[nodiscard]] int open_folder(const std::filesystem::path& path) noexcept;
    void close() noexcept;

    [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
    [[nodiscard]] int descriptor() const noexcept { return fd_; }

    [[nodiscard]] int query(file_info& info) const noexcept;
    [[nodiscard]] int query(file_system& kind) const noexcept;

    /// Whether `path` still leads to this file. One that was only moved or made unreachable is in place.
    [[nodiscard]] file_fate find_fate(const std::filesystem::path& path) const noexcept;

    /// Reads up to `bytes`; `got` is less at the end of the file only.
    [[nodiscard]] int read_at(void* to, std::size_t bytes, std::uint64_t offset,
                              std::size_t& got) const noexcept;
    [[nodiscard]] int write_at(const void* from, std::size_t bytes, std::uint64_t offset) const noexcept;
    /// The bytes are on the medium when it returns 0.
    [[nodiscard]] int write_durably_at(const void* from, std::size_t bytes,
                                       std::uint64_t offset) const noexcept;

    [[nodiscard]] int set_size(std::uint64_t bytes) const noexcept;
    /// Disk space for a range, which may reach beyond the end. EFBIG beyond RLIMIT_FSIZE, without its signal.
    [[nodiscard]] int allocate(std::uint64_t offset, std::uint64_t bytes) const noexcept;
    /// The parts of a range without disk space, in order; allocated bytes that were never written are no hole. In time
    /// proportional to the number of extents.
    [[nodiscard]] int find_holes(byte_range within, std::vector<byte_range>& holes) const;
    [[nodiscard]] int sync_data() const noexcept;
    [[nodiscard]] int sync_all() const noexcept;
    [[nodiscard]] int set_group(std::uint32_t number) const noexcept;
    /// The bits as they are given, whatever the umask.
    [[nodiscard]] int set_permissions(std::uint32_t bits) const noexcept;
    /// Gives a file made by create_unnamed its name; EEXIST if that is taken.
    [[nodiscard]] int publish(const std::filesystem::path& path) const noexcept;

private:
    friend struct open_files;
    [[nodiscard]] int adopt_opened(const char* path, int flags, unsigned mode) noexcept;

    int fd_ = -1;
    file* previous_ = nullptr; ///< in the list of open files
    file* next_ = nullptr;
};

/// A second name for a file; EEXIST if it is taken.
[[nodiscard]] int link_file(const std::filesystem::path& existing,
                            const std::filesystem::path& added) noexcept;
[[nodiscard]] int unlink_file(const std::filesystem::path& path) noexcept;
/// Whether the path itself is a symbolic link, wherever that leads.
[[nodiscard]] bool is_symbolic_link(const std::filesystem::path& path) noexcept;

/// The path from the root, where the working folder can be told; else the path.
[[nodiscard]] std::filesystem::path absolute(const std::filesystem::path& path);

} // namespace holdfast::os
