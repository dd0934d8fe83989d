// Mounting file systems.
#include "support/mounted_disk.hpp"

#include <sys/mount.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <system_error>

namespace holdfast::test {

namespace {

[[nodiscard]] std::string reason_of(int code, const char* what) {
    return code == 0 ? std::string() : std::string("can't mount ") + what + " here: " + std::strerror(code);
}

/// The paths are those of temporary folders, which need no quoting but this.
[[nodiscard]] bool succeeds(const std::string& command) {
    return std::system((command + " >/dev/null 2>&1").c_str()) == 0; // NOLINT(concurrency-mt-unsafe)
}

} // namespace

const char* name_of(disk_kind kind) noexcept {
    switch (kind) {
    case disk_kind::tmpfs:
        return "tmpfs";
    case disk_kind::xfs:
        return "xfs";
    case disk_kind::overlay:
        return "overlay";
    }
    return "?";
}

mounted_disk::mounted_disk(disk_kind kind, const std::filesystem::path& folder, std::uint64_t bytes)
    : folder_(folder) {
    switch (kind) {
    case disk_kind::tmpfs:
        mount_tmpfs(bytes);
        break;
    case disk_kind::xfs:
        mount_xfs(bytes);
        break;
    case disk_kind::overlay:
        mount_overlay();
        break;
    }
}

mounted_disk::~mounted_disk() {
    if (mounted()) {
        ::umount2(folder_.c_str(), MNT_DETACH);
    }
    std::error_code ignored;
    for (const char* const suffix : {".disk", ".lower", ".upper", ".work"}) {
        std::filesystem::remove_all(beside(suffix), ignored);
    }
}

void mounted_disk::mount_tmpfs(std::uint64_t bytes) {
    const std::string options = bytes == 0 ? std::string() : "size=" + std::to_string(bytes);
    why_not_ = reason_of(
        ::mount("holdfast-test", folder_.c_str(), "tmpfs", 0, options.c_str()) == 0 ? 0 : errno, "a tmpfs");
}

void mounted_disk::mount_xfs(std::uint64_t bytes) {
    const std::filesystem::path image = beside(".disk");
    std::ofstream(image).close();
    std::filesystem::resize_file(image, bytes);
    if (!succeeds("mkfs.xfs -q '" + image.string() + "'")) {
        why_not_ = "can't make an XFS here: no mkfs.xfs, or too little room";
    } else if (!succeeds("mount -o loop '" + image.string() + "' '" + folder_.string() + "'")) {
        why_not_ = "can't mount an XFS here: no loop device, no such module, or not privileged";
    }
}

void mounted_disk::mount_overlay() {
    std::string options;
    for (const char* const layer : {"lower", "upper", "work"}) {
        const std::filesystem::path place = beside((std::string(".") + layer).c_str());
        std::filesystem::create_directory(place);
        options += (options.empty() ? "" : ",") + std::string(layer) + "dir=" + place.string();
    }
    why_not_ =
        reason_of(::mount("holdfast-test", folder_.c_str(), "overlay", 0, options.c_str()) == 0 ? 0 : errno,
                  "an overlay");
}

} // namespace holdfast::test
