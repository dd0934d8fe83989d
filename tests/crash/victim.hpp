// What the campaign's processes do: the victims, the reader that has to survive, and the verifier.
//
// Each function runs in a process of its own, opens the store itself and returns a status; what it throws is a
// broken promise. Process safety: the board is shared.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "board.hpp"
#include "model.hpp"

namespace holdfast::crash {

enum class part : std::uint8_t {
    put,
    batch,
    erase,
    grow,
    huge,
    mixed,  ///< the first six write, as `work`
    wander, ///< as mixed, but its transactions go from thread to thread, and fork inside
    open,   ///< opens, does one transaction, closes, and again
    hold,   ///< holds snapshots of different ages and looks at them again; also reads single keys
    look,   ///< opens for reading only, lists, closes, and again
    create, ///< creates the store, or opens it if another was faster
};
inline constexpr std::array parts = {part::put,   part::batch,  part::erase, part::grow, part::huge,
                                     part::mixed, part::wander, part::open,  part::hold, part::look};
[[nodiscard]] std::string_view name_of(part role) noexcept;
[[nodiscard]] constexpr bool writes(part role) noexcept { return role <= part::open; }
[[nodiscard]] constexpr work work_of(part role) noexcept {
    return role < part::mixed ? static_cast<work>(role) : work::mixed;
}

/// Enough for each point that belongs to the role to be passed, if nobody is killed.
[[nodiscard]] constexpr std::uint64_t steps_of_life(part role) noexcept {
    switch (role) {
    case part::create:
        return 3;
    case part::open:
    case part::look:
        return 8;
    case part::huge:
        return 15;
    case part::hold:
    case part::grow:
        return 40;
    default:
        return 120;
    }
}

struct victim_orders {
    std::filesystem::path path;
    part role = part::mixed;
    std::string failpoints; ///< armed before anything else
    std::uint64_t seed = 0;
    std::uint64_t steps_max = 0; ///< ends by itself after so many
    bool report_passed = false;  ///< at the end
};

/// Works as `orders.role` until it is killed, told to stop, or done. `self` is what it did before.
int run_victim(const victim_orders& orders, writer_model self, board& shared);

enum class reading : std::uint8_t { none, attached, read_only };

/// Takes snapshots and verifies them until told to stop; holds some of them, which must never change.
int run_reader(const std::filesystem::path& path, reading how, board& shared);

struct recoverer_orders {
    std::filesystem::path path;
    std::string boot; ///< which it takes the running one for; empty: the truth
    std::string failpoints;
};

/// Opens the store and waits for its turn to write, so that it recovers what a victim left.
int run_recoverer(const recoverer_orders& orders);

struct verifier_orders {
    std::filesystem::path path;
    std::string boot;
    std::vector<part> roles; ///< of each writer, in the round before
};

/// Opens the store and verifies all of it: what was acknowledged is there, nothing else but the transaction in
/// flight, check() is clean. Tells the board how far each writer came, and which failpoints it passed.
int run_verifier(const verifier_orders& orders, std::vector<writer_model> writers, board& shared);

} // namespace holdfast::crash
