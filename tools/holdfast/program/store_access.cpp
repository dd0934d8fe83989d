// Finding and opening the store.
#include "program/store_access.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include <sys/stat.h>

#include "output/escape.hpp"
#include "program/errors.hpp"
#include "program/file_system.hpp"

namespace holdfast::cli {

namespace {

std::string_view variable(const char* name) noexcept {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string_view() : std::string_view(value);
}

store open_as(const settings& given, open_mode mode) {
    open_options options;
    options.mode = mode;
    options.timeout = given.timeout;
    options.durability = given.durability;
    try {
        return store::open(given.store_path, options);
    } catch (const error& failure) {
        if (failure.reason() != errc::not_found || mode == open_mode::create) {
            throw;
        }
        throw error(errc::not_found, "there is no store " + in_quotes(given.store_path) + "; " +
                                         hint(given, "put") + " makes it, and -s names another");
    }
}

void expect_writable(const settings& given) {
    if (given.read_only) {
        throw error(errc::read_only,
                    "this command changes " + in_quotes(given.store_path) + "; leave out --read-only");
    }
}

/// Makes the folders that are missing. Not std::filesystem's: the mode is ours, from the first moment.
void make_folders(const std::filesystem::path& folder) {
    constexpr ::mode_t only_me = 0700;
    std::filesystem::path made;
    for (const auto& part : folder) {
        made /= part;
        if (::mkdir(made.c_str(), only_me) == 0 || errno == EEXIST) {
            continue;
        }
        const int error_number = errno;
        if (struct stat status{}; ::stat(made.c_str(), &status) != 0) {
            throw_system_error(error_number == ENOSPC ? errc::no_space : errc::permission,
                               "cannot make the folder " + in_quotes(made.native()), error_number);
        }
    }
}

} // namespace

std::string default_store_path() {
    if (const auto store = variable("HOLDFAST_STORE"); !store.empty()) {
        return std::string(store);
    }
    constexpr std::string_view name = "/holdfast/default.hold";
    if (const auto data = variable("XDG_DATA_HOME"); !data.empty() && data.front() == '/') {
        return std::string(data).append(name);
    }
    if (const auto home = variable("HOME"); !home.empty() && home.front() == '/') {
        return std::string(home).append("/.local/share").append(name);
    }
    throw_usage("no store is named; give -s STORE or set HOLDFAST_STORE");
}

store open_to_read(const settings& given) { return open_as(given, open_mode::read_only); }

store open_to_write(const settings& given) {
    expect_writable(given);
    store opened = open_as(given, open_mode::write);
    warn_of_file_system(given.store_path, false);
    return opened;
}

store open_or_create(const settings& given) {
    expect_writable(given);
    const auto folder = std::filesystem::path(given.store_path).parent_path();
    if (struct stat status{}; !folder.empty() && ::stat(folder.c_str(), &status) != 0) {
        make_folders(folder);
    }
    struct stat status {};
    const bool is_new = ::stat(given.store_path.c_str(), &status) != 0;
    store opened = open_as(given, open_mode::create);
    warn_of_file_system(given.store_path, is_new);
    return opened;
}

std::optional<store> open_if_there(const settings& given) {
    try {
        return open_to_write(given);
    } catch (const error& failure) {
        if (failure.reason() == errc::not_found) {
            return std::nullopt;
        }
        throw;
    }
}

std::optional<key_type> parse_key_type(const std::optional<std::string>& name) {
    return name ? std::optional(key_type::parse(*name)) : std::nullopt;
}

map_writer open_map(write_transaction& transaction, std::string_view name,
                    const std::optional<key_type>& keys) {
    return keys ? transaction.map(name, *keys) : transaction.map(name);
}

map_view find_map(const snapshot& now, const settings& given) {
    if (!given.map.empty() && !now.has_map(given.map)) {
        throw_no_map(given, given.map);
    }
    return now.map(given.map);
}

void throw_no_map(const settings& given, std::string_view name) {
    settings whole = given;
    whole.map.clear();
    throw error(errc::not_found, "no map " + in_quotes(name) + " in " + in_quotes(given.store_path) + "; " +
                                     hint(whole, "maps") + " shows what is there");
}

void expect_key(std::string_view word) {
    if (word.size() > key_size_max) {
        throw_usage("a key has at most " + std::to_string(key_size_max) + " bytes, not " +
                    std::to_string(word.size()) + "; store long text as a value");
    }
}

std::string where(const settings& given) {
    return given.map.empty() ? "in " + in_quotes(given.store_path)
                             : "in map " + in_quotes(given.map) + " of " + in_quotes(given.store_path);
}

std::string hint(const settings& given, std::string_view words) {
    std::string text = "\"holdfast ";
    if (given.names_store) {
        text += "-s " + shell_word(given.store_path) + ' ';
    }
    if (!given.map.empty()) {
        text += "-m " + shell_word(given.map) + ' ';
    }
    return text.append(words) + '"';
}

std::string no_key(const settings& given, std::string_view word) {
    return "no key " + in_quotes(word) + ' ' + where(given) + "; " + hint(given, "list") +
           " shows what is there";
}

void rethrow_with_key(const settings& given, std::string_view word) {
    try {
        throw;
    } catch (const error& failure) {
        const std::string message = failure.what();
        if (message.find(in_quotes(given.store_path)) != message.npos) {
            throw; // it says so itself
        }
        throw error(failure.reason(), in_quotes(word) + ' ' + where(given) + ": " + message);
    }
}

} // namespace holdfast::cli
