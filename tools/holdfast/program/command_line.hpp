// The words behind `holdfast`, read by CLI11, which only command_line.cpp knows.
//
// A command declares its options, calls `parse`, and then finds its options set and its other words in
// `words`, byte for byte as they were typed: empty ones, "[a,b]" and negative numbers included.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::cli {

/// The options that every command understands, before and after its name.
struct global_options {
    std::optional<std::string> store;
    std::optional<std::string> map;
    std::optional<std::string> timeout;
    std::optional<std::string> color;
    std::optional<std::string> durability;
    bool read_only = false;
    bool version = false;
    bool help = false;
};

/// One declared option, as the help shows it.
struct option_text {
    std::string name;  ///< "--store", or "-l" where there is no long one
    std::string names; ///< "-s, --store STORE"
    std::string description;
    bool global = false;
};

class command_line {
public:
    /// `arguments` are the words without the program's and the command's name.
    explicit command_line(std::vector<std::string> arguments);
    ~command_line();
    command_line(const command_line&) = delete;
    command_line& operator=(const command_line&) = delete;
    command_line(command_line&&) = delete;
    command_line& operator=(command_line&&) = delete;

    // Declaring; `names` is "-l,--long". Targets must live until `parse`.
    void flag(const std::string& names, bool& target, const std::string& description);
    void option(const std::string& names, const std::string& value_name, std::optional<std::string>& target,
                const std::string& description);

    /// Throws errc::invalid_argument for an option that nobody declared or that lacks its value. Repeated
    /// options: the last one counts.
    void parse();

    [[nodiscard]] const global_options& globals() const noexcept { return globals_; }
    /// What is no option, in order. Valid after `parse`.
    [[nodiscard]] const std::vector<std::string>& words() const noexcept { return words_; }
    [[nodiscard]] const std::vector<option_text>& options() const noexcept { return texts_; }

    /// Where the command's name is among all words; nullopt if there is none.
    [[nodiscard]] static std::optional<std::size_t> find_command(const std::vector<std::string>& arguments);

private:
    void declare_globals();
    void note(const std::string& names, const std::string& value_name, const std::string& description);
    [[nodiscard]] bool is_option(const std::string& argument) const;
    [[nodiscard]] bool takes_value(const std::string& name) const;
    [[nodiscard]] std::vector<std::string> shielded() const;
    [[nodiscard]] std::string complaint() const;
    [[noreturn]] void throw_unknown(const std::string& name) const;

    class parser; ///< CLI11's
    std::unique_ptr<parser> parser_;
    std::vector<std::string> arguments_;
    std::vector<std::string> words_;
    std::vector<option_text> texts_;
    global_options globals_;
    bool declaring_globals_ = false;
};

} // namespace holdfast::cli
