// The texts of --help.
#pragma once

#include <vector>

namespace holdfast::cli {

class output;
struct command;
struct option_text;

/// The help of one command, or of the program if it is null.
void write_help(output& out, const command* about, const std::vector<option_text>& options);

} // namespace holdfast::cli
