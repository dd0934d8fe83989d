// Finding the holder of a lock in /proc.
#include "os/lock_holder.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace holdfast::os {

namespace {

namespace fs = std::filesystem;

/// A line of fdinfo: "lock:	1: OFDLCK  ADVISORY  READ -1 fe:00:1234 FIRST LAST", LAST perhaps "EOF".
bool is_lock_within(const std::string& line, std::uint64_t inode, byte_range range) {
    std::istringstream words(line);
    std::string tag, number, kind, strength, mode, owner, file_id, first_text, last_text;
    if (!(words >> tag >> number >> kind >> strength >> mode >> owner >> file_id >> first_text >>
          last_text) ||
        tag != "lock:" || !file_id.ends_with(":" + std::to_string(inode))) {
        return false;
    }
    const auto value_of = [](const std::string& text, std::uint64_t otherwise) {
        std::uint64_t value = otherwise;
        std::from_chars(text.data(), text.data() + text.size(), value);
        return value;
    };
    const std::uint64_t last = value_of(last_text, ~std::uint64_t{0});
    return value_of(first_text, 0) - range.start < range.bytes ||
           (value_of(first_text, 0) <= range.start && range.start <= last);
}

bool descriptor_has_lock(const fs::path& description, std::uint64_t inode, byte_range range) {
    std::ifstream lines(description);
    for (std::string line; std::getline(lines, line);) {
        if (is_lock_within(line, inode, range)) {
            return true;
        }
    }
    return false;
}

bool process_has_lock(const fs::path& process, std::uint64_t inode, byte_range range) {
    std::error_code ignored;
    for (fs::directory_iterator at(process / "fdinfo", ignored), end; !ignored && at != end;
         at.increment(ignored)) {
        if (descriptor_has_lock(at->path(), inode, range)) {
            return true;
        }
    }
    return false;
}

} // namespace

std::string describe_lock_holder(const file& f, byte_range range) {
    file_info info;
    std::error_code ignored;
    const bool known = f.query(info) == 0;
    for (fs::directory_iterator at("/proc", ignored), end; known && !ignored && at != end;
         at.increment(ignored)) {
        const std::string name = at->path().filename().string();
        const bool is_process =
            std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
        if (is_process && process_has_lock(at->path(), info.inode, range)) {
            return "process " + name;
        }
    }
    return "a process that can't be seen from here";
}

} // namespace holdfast::os
