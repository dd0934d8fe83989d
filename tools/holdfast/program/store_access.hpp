// Which store a command works on, and how it is opened.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <holdfast/store.hpp>

namespace holdfast::cli {

/// The options of a run, checked.
struct settings {
    std::string store_path;
    std::string map;
    std::chrono::milliseconds timeout = open_options{}.timeout;
    holdfast::durability durability = holdfast::durability::process;
    bool read_only = false;
    bool colour = false;      ///< on standard output
    bool names_store = false; ///< by -s
};

/// $HOLDFAST_STORE, else $XDG_DATA_HOME/holdfast/default.hold, else ~/.local/share/holdfast/default.hold.
/// A variable that is empty, or a folder that is not absolute, counts as unset. Wrong usage if nothing is left.
[[nodiscard]] std::string default_store_path();

/// For commands that only look: needs permission to read and nothing more.
[[nodiscard]] store open_to_read(const settings& given);
/// For commands that change what is there.
[[nodiscard]] store open_to_write(const settings& given);
/// For commands that store: makes the file (mode 0600) and the folders above it (0700) if they are missing.
[[nodiscard]] store open_or_create(const settings& given);

/// The same, but nullopt if there is no store.
[[nodiscard]] std::optional<store> open_if_there(const settings& given);

/// The key type that --key-type names; nullopt if the option was not given. Wrong usage for an unknown one.
[[nodiscard]] std::optional<key_type> parse_key_type(const std::optional<std::string>& name);
/// A map within a transaction, with keys of that type if one is given. Throws wrong_type if it has others.
[[nodiscard]] map_writer open_map(write_transaction& transaction, std::string_view name,
                                  const std::optional<key_type>& keys);
/// The map that -m names, as of now. Throws not_found if there is none.
[[nodiscard]] map_view find_map(const snapshot& now, const settings& given);

[[noreturn]] void throw_no_map(const settings& given, std::string_view name);

/// Wrong usage if the word is longer than a key can be.
void expect_key(std::string_view word);

/// "in FILE" or "in map "M" of FILE", for messages.
[[nodiscard]] std::string where(const settings& given);
/// "holdfast -s FILE -m MAP WORDS" in quotes, with the -s and -m in use, for what to do about an error.
[[nodiscard]] std::string hint(const settings& given, std::string_view words);
/// "no key K in FILE; "holdfast list" shows what is there"
[[nodiscard]] std::string no_key(const settings& given, std::string_view word);

/// Throws the error being handled with the key, the map and the file before its message.
[[noreturn]] void rethrow_with_key(const settings& given, std::string_view word);
/// Calls use(); a failure names the key that somebody typed, the map and the file.
template <class Use>
decltype(auto) naming_key(const settings& given, std::string_view word, Use&& use) {
    try {
        return use();
    } catch (const error&) {
        rethrow_with_key(given, word);
    }
}
/// The same for the bytes of a key. One that is not of the type is corrupt.
template <class Use>
decltype(auto) naming_key(const settings& given, const key_type& keys, std::string_view key, Use&& use) {
    try {
        return use();
    } catch (const error&) {
        rethrow_with_key(given, keys.is_string() || !keys.accepts(key) ? key : keys.to_text(key));
    }
}

} // namespace holdfast::cli
