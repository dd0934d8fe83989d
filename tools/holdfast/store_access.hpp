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
    bool read_only = false;
    bool colour = false; ///< on standard output
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

/// A map within a transaction, with keys of that type if one is given. Throws wrong_type if it has others.
[[nodiscard]] map_writer open_map(write_transaction& transaction, std::string_view name,
                                  const std::optional<key_type>& keys);

/// Wrong usage if the key is longer than a key can be.
void check_key(std::string_view key);

/// "in FILE" or "in map "M" of FILE", for messages.
[[nodiscard]] std::string where(const settings& given);

} // namespace holdfast::cli
