// Creating a store: made complete under no name, or a temporary one, then published by link(), so that at a
// store's path there is nothing or all of it.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <string>

#include "format/superblock.hpp"
#include "os/failpoint.hpp"
#include "os/system.hpp"
#include "os/time.hpp"
#include "segment/failure.hpp"
#include "segment/segment.hpp"
#include "segment/words.hpp"

namespace holdfast {

namespace {

std::filesystem::path folder_of(const std::filesystem::path& path) {
    const std::filesystem::path folder = path.parent_path();
    return folder.empty() ? std::filesystem::path(".") : folder;
}

[[noreturn]] void fail_create(int code, const std::filesystem::path& path) {
    const std::filesystem::path folder = folder_of(path);
    switch (reason_of(code)) {
    case errc::not_found:
        fail_system(code, folder, "no folder to create a store in", "create the folder");
    case errc::permission:
        fail_system(code, folder, "can't create a store in the folder",
                    "check the permissions of the folder");
    default:
        fail_system(code, path, "can't create the store");
    }
}

/// Makes the new name durable. A folder that may be written but not read can't be synced; no more can be done.
void sync_folder(const std::filesystem::path& path) {
    os::file folder;
    int code = folder.open_folder(folder_of(path));
    if (code == EACCES) {
        return;
    }
    code = code != 0 ? code : folder.sync_all();
    if (code != 0 && code != EINVAL) { // EINVAL: a file system whose folders need no sync
        fail_system(code, path, "can't sync the folder of the new store");
    }
}

/// A name beside `path`, removed at the end of its scope.
class temporary_name {
public:
    explicit temporary_name(const std::filesystem::path& path) {
        std::array<std::uint8_t, 8> random{};
        os::random_bytes(random);
        std::string name(1, '.'); // g++ 12 warns wrongly of operator+ here
        name += path.filename().string().substr(0, 200);
        name += '.';
        for (const std::uint8_t byte : random) {
            constexpr const char* digits = "0123456789abcdef";
            name += digits[byte >> 4];
            name += digits[byte & 15];
        }
        path_ = folder_of(path) / (name + ".tmp");
    }
    ~temporary_name() { static_cast<void>(os::unlink_file(path_)); }
    temporary_name(const temporary_name&) = delete;
    temporary_name& operator=(const temporary_name&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

/// The outcome of linking a finished file to its path.
bool published(int code, const std::filesystem::path& path) {
    if (code == EEXIST) {
        return false;
    }
    if (code != 0) {
        fail_system(code, path, "can't give the new store its name");
    }
    failpoint("segment.create.linked");
    sync_folder(path);
    failpoint("segment.create.published");
    return true;
}

} // namespace

bool segment::create(const std::filesystem::path& path, const segment_options& options) {
    if (!path.has_filename()) {
        fail(errc::invalid_argument, path, "not the path of a file", "name a file");
    }
    failpoint("segment.create.begin");
    os::file made;
    const int code = made.create_unnamed(folder_of(path));
    if (code == EOPNOTSUPP) {
        return create_under_temporary_name(path, options);
    }
    if (code != 0) {
        fail_create(code, path);
    }
    const std::shared_ptr<segment> fresh = format_new(std::move(made), path, options);
    return published(fresh->file_.publish(path), path);
}

bool segment::create_under_temporary_name(const std::filesystem::path& path, const segment_options& options) {
    const temporary_name name(path);
    os::file made;
    if (const int code = made.create(name.path()); code != 0) {
        fail_create(code, path);
    }
    const std::shared_ptr<segment> fresh = format_new(std::move(made), path, options);
    return published(os::link_file(name.path(), path), path);
}

/// A complete store in a file that nobody knows yet. It is never attached, so its end is no close.
std::shared_ptr<segment> segment::format_new(os::file&& made, const std::filesystem::path& path,
                                             const segment_options& options) {
    const std::shared_ptr<segment> fresh(new segment(path, options, std::move(made), registry_claim{}));
    fresh->format();
    failpoint("segment.create.before_link");
    return fresh;
}

void segment::format() {
    judge_file_system(file_, path_, options_.any_file_system);
    back_new_file(segment_initial_bytes);
    failpoint("segment.create.allocated");
    write_superblocks();
    map(segment_initial_bytes);
    reset_control(false);
    control().stamp = present_stamp();
    store_shared(control().dirty, 1); // until the first durable slot is written nothing has to be marked
    if (options_.hooks.format_new != nullptr) {
        options_.hooks.format_new(*this);
    }
    failpoint("segment.create.formatted");
    store_shared(control().dirty, 0);
    commits().set_durable(commits().visible().number());
    const judged_commit first = judge_newest(base(), file_, path_);
    int code = write_durable(file_, incarnation_, {},
                             {.commit = &first.commit,
                              .version_limit = first.commit.txn,
                              .clean = true,
                              .header_sum = header_sum(base())});
    failpoint("segment.create.durable");
    store_shared(control().slot_on_medium, code == 0 ? 1 : 0);
    if (code == 0) {
        give_to_others();
    }
    code = code != 0 ? code : file_.sync_all(); // also whose it is
    if (code != 0) {
        fail_system(code, path_, "can't write the new store");
    }
}

/// The group first: the other way round, one that is not meant would have the permissions for a moment.
void segment::give_to_others() {
    if (options_.group) {
        if (const int code = file_.set_group(*options_.group); code != 0) {
            fail_system(code, path_,
                        "can't give the new store to the group " + std::to_string(*options_.group),
                        "name a group that this user is a member of");
        }
    }
    if (options_.permissions) {
        if (const int code = file_.set_permissions(*options_.permissions); code != 0) {
            fail_system(code, path_, "can't set the permissions of the new store");
        }
    }
}

void segment::write_superblocks() {
    os::random_bytes(incarnation_);
    const format::superblock block = format::make_superblock(incarnation_, os::realtime_ns());
    int code = 0;
    for (const std::uint64_t offset : {format::superblock_offset, format::superblock_copy_offset}) {
        code = code != 0 ? code : file_.write_at(&block, sizeof block, offset);
    }
    if (code != 0) {
        fail_system(code, path_, "can't write the new store");
    }
    failpoint("segment.create.superblocks");
}

} // namespace holdfast
