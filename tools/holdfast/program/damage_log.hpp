// What a command leaves out because it is damaged: each thing is named on standard error as it is found, and the
// command goes on and ends with status 5.
#pragma once

#include <string>

#include <holdfast/snapshot.hpp>

#include "program/errors.hpp"
#include "program/store_access.hpp"

namespace holdfast::cli {

class damage_log {
public:
    /// A stretch of the map that `given` names.
    void note(const settings& given, const key_type& keys, const damaged_stretch& lost);
    /// Maps whose names, or roots, are damaged.
    void note_maps(const settings& given, const damaged_stretch& lost);
    /// That the newest commits were left out, if they were.
    void note_age(const settings& given, const store& from);
    /// Calls use(); false if what it met is damaged. It names that in its error.
    template <class Use>
    bool pass(Use&& use) {
        try {
            use();
            return true;
        } catch (const error& failure) {
            if (failure.reason() != errc::corrupt) {
                throw;
            }
            note(failure.what());
            return false;
        }
    }
    [[nodiscard]] exit_status status() const noexcept {
        return found_ ? exit_status::corrupt : exit_status::done;
    }

private:
    void note(const std::string& message) noexcept;

    bool found_ = false;
};

} // namespace holdfast::cli
