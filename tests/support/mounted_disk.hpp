// File systems of their own, mounted for the time of a test, where the machine lets us.
//
// Thread safety: none.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace holdfast::test {

enum class disk_kind { tmpfs, xfs, overlay };

[[nodiscard]] const char* name_of(disk_kind kind) noexcept;

/// What is needed beside the folder (an image, the layers) lies next to it, under longer names.
class mounted_disk final {
public:
    /// Mounts it on `folder`, which must exist. `bytes` is the size; of an overlay, that of what it lies on.
    mounted_disk(disk_kind kind, const std::filesystem::path& folder, std::uint64_t bytes = 0);
    ~mounted_disk();
    mounted_disk(const mounted_disk&) = delete;
    mounted_disk& operator=(const mounted_disk&) = delete;

    [[nodiscard]] bool mounted() const noexcept { return why_not_.empty(); }
    /// The reason to skip a test.
    [[nodiscard]] const std::string& why_not() const noexcept { return why_not_; }

private:
    void mount_tmpfs(std::uint64_t bytes);
    void mount_xfs(std::uint64_t bytes);
    void mount_overlay();
    [[nodiscard]] std::filesystem::path beside(const char* suffix) const { return folder_.string() + suffix; }

    std::filesystem::path folder_;
    std::string why_not_;
};

/// A smaller XFS can't be made.
inline constexpr std::uint64_t xfs_bytes_min = std::uint64_t{320} << 20;

} // namespace holdfast::test
