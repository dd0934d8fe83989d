// The attachment table.
#include "segment/attachments.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "os/byte_lock.hpp"
#include "os/failpoint.hpp"
#include "os/lock_holder.hpp"
#include "os/system.hpp"
#include "segment/failure.hpp"
#include "segment/process_lock.hpp"
#include "segment/words.hpp"

namespace holdfast {

namespace {

using format::attachment_line;
using format::kind_of;
using format::line_kind;

constexpr std::uint32_t first_line = 1; // line 0 is never used
constexpr std::uint32_t lines_max = format::attachment_lines_max;
constexpr std::uint32_t lines_a_step = format::control_step_bytes / sizeof(attachment_line);
static_assert(lines_max % lines_a_step == 0);

constexpr os::byte_range byte_of(std::uint32_t line) noexcept {
    return {format::lock_byte::process + line, 1};
}

} // namespace

attachments::attachments(std::byte* base, const os::file& f, const std::filesystem::path& path) noexcept
    : control_(reinterpret_cast<format::control_header*>(base + format::control_offset)),
      lines_(reinterpret_cast<attachment_line*>(base + format::attachments_offset)),
      file_(f),
      path_(path) {}

std::uint32_t attachments::lines_allocated() const noexcept {
    const std::uint64_t lines = load_shared(control_->lines_allocated);
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(lines, lines_a_step, lines_max));
}

std::uint32_t attachments::lines_used() const noexcept {
    const std::uint64_t lines = load_shared(control_->lines_used);
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(lines, first_line, lines_allocated()));
}

void attachments::clear(bool same_boot) noexcept {
    // Lines beyond the first step are cleared when the table grows over them again.
    std::memset(static_cast<void*>(lines_), 0, format::control_step_bytes);
    store_shared(control_->lines_used, first_line);
    store_shared(control_->lines_allocated, lines_a_step);
    if (!same_boot || load_shared(control_->generations) >= process_lock::generation_max / 2) {
        store_shared(control_->generations, 1); // 1 is what an abandoned lock says
    }
}

/// Never given before in this boot.
std::uint64_t attachments::next_generation() const noexcept {
    return shared_word(control_->generations).fetch_add(1, std::memory_order_relaxed) + 1;
}

// --- Claiming ---------------------------------------------------------------------------------------------

bool attachments::try_claim(std::uint32_t index, std::uint64_t claim) const noexcept {
    std::uint64_t expected = format::make_claim(line_kind::free, 0);
    if (load_shared(lines_[index].claim, std::memory_order_relaxed) != expected) {
        return false;
    }
    raise_to(control_->lines_used, std::uint64_t{index} + 1);
    return shared_word(lines_[index].claim).compare_exchange_strong(expected, claim);
}

bool attachments::is_write_locked(std::uint32_t index) const {
    std::optional<os::byte_range> holder;
    return os::find_lock(file_, os::lock_mode::shared, byte_of(index), holder) == 0 && holder.has_value();
}

attachments::claim_outcome attachments::try_claim_process_at(std::uint32_t index) {
    if (kind_of(load_shared(lines_[index].claim)) != line_kind::free) {
        return claim_outcome::taken;
    }
    if (const int code = own_byte_.take(file_, path_, byte_of(index)); code != 0) {
        if (code != EAGAIN) {
            fail_system(code, path_, "can't lock a line of the attachment table");
        }
        // A reaper has it for a moment; or else somebody who may only set read locks, and should not.
        return is_write_locked(index) ? claim_outcome::taken : claim_outcome::blocked;
    }
    failpoint("segment.attach.locked");
    // Before the line can be found: from here on no lock word names this line and a generation that it has.
    own_generation_ = next_generation();
    store_shared(lines_[index].generation, own_generation_);
    if (!try_claim(index, format::make_claim(line_kind::process, index))) {
        own_byte_.drop();
        return claim_outcome::taken;
    }
    failpoint("segment.attach.claimed");
    store_shared(lines_[index].pid, os::process_id());
    store_shared(lines_[index].pid_space, os::pid_namespace());
    own_line_ = index;
    return claim_outcome::claimed;
}

void attachments::claim_process(os::deadline until) {
    os::backoff pause(until);
    for (bool reaped = false;;) {
        const std::uint32_t end = lines_allocated();
        bool blocked = false;
        for (std::uint32_t index = first_line; index < end; ++index) {
            const claim_outcome outcome = try_claim_process_at(index);
            if (outcome == claim_outcome::claimed) {
                return;
            }
            blocked |= outcome == claim_outcome::blocked;
        }
        if (blocked) {
            if (!pause.wait()) {
                fail_blocked();
            }
        } else if (reaped || reap() == 0) {
            grow();
        }
        reaped = true;
    }
}

/// A read lock on a line's byte serves no purpose, but any process that may read the file can set it.
void attachments::fail_blocked() const {
    fail(errc::timed_out, path_,
         os::describe_lock_holder(file_, byte_of(first_line)) +
             " keeps the store's attachment table locked, which no Holdfast program does",
         "end that process");
}

attachments::life attachments::find_life(std::uint32_t line, std::uint64_t generation) const noexcept {
    if (line < first_line || line >= lines_allocated() ||
        load_shared(lines_[line].generation) != generation) {
        return life::gone;
    }
    // Readers that may not write can set read locks only, and must not make the dead look alive.
    std::optional<os::byte_range> holder;
    if (os::find_lock(file_, os::lock_mode::shared, byte_of(line), holder) != 0) {
        return life::unknown;
    }
    if (holder) {
        return life::present;
    }
    const int code = os::find_lock(file_, os::lock_mode::shared, byte_of(own_line_), holder);
    return code == 0 && holder ? life::gone : life::unknown;
}

int attachments::find_others(bool& found) const noexcept {
    const std::array<os::byte_range, 2> others = {{
        {byte_of(first_line).start, own_line_ == 0 ? 0 : own_line_ - first_line},
        {byte_of(own_line_ + 1).start, lines_max - own_line_ - 1},
    }};
    std::optional<os::byte_range> holder;
    int code = 0;
    for (const os::byte_range& range : others) {
        if (code == 0 && !holder && range.bytes != 0) { // 0 would be all to the end
            code = os::find_lock(file_, os::lock_mode::shared, range, holder);
        }
    }
    found = holder.has_value();
    return code;
}

std::optional<std::uint32_t> attachments::try_claim_slot() noexcept {
    const std::uint64_t claim = format::make_claim(line_kind::slot, own_line_);
    const std::uint32_t end = lines_allocated();
    const std::uint32_t start = std::clamp(hint_.load(std::memory_order_relaxed), first_line, end - 1);
    std::uint32_t index = start;
    do {
        if (try_claim(index, claim)) {
            hint_.store(index + 1, std::memory_order_relaxed);
            return index;
        }
        index = index + 1 < end ? index + 1 : first_line;
    } while (index != start);
    return {};
}

void attachments::grow() {
    const std::uint32_t lines = lines_allocated();
    if (lines >= lines_max) {
        fail_full();
    }
    // By a part of what there is, so that filling the table takes time proportional to its length.
    const std::uint32_t generous = std::min(lines / 8 / lines_a_step * lines_a_step, lines_max - lines);
    const auto allocate = [&](std::uint32_t more) {
        const int injected = failpoint_error("segment.grow");
        return injected != 0 ? injected
                             : file_.allocate(format::attachments_offset + lines * sizeof(attachment_line),
                                              more * sizeof(attachment_line));
    };
    std::uint32_t more = std::max(generous, lines_a_step);
    int code = allocate(more);
    if (code != 0 && more > lines_a_step && reason_of(code) == errc::no_space) {
        more = lines_a_step;
        code = allocate(more);
    }
    if (code != 0) {
        fail_system(code, path_, "can't allocate disk space for more readers");
    }
    failpoint("segment.grow.allocated");
    // Nobody has looked at these lines yet; they may hold what an earlier boot left.
    std::memset(static_cast<void*>(lines_ + lines), 0, more * sizeof(attachment_line));
    failpoint("segment.grow.cleared");
    store_shared(control_->lines_allocated, std::uint64_t{lines} + more);
}

/// Names who has most of the lines.
void attachments::fail_full() const {
    std::vector<std::uint32_t> slots(lines_max);
    for (std::uint32_t index = first_line; index < lines_max; ++index) {
        const std::uint64_t claim = load_shared(lines_[index].claim);
        if (kind_of(claim) == line_kind::slot && format::owner_of(claim) < lines_max) {
            ++slots[format::owner_of(claim)];
        }
    }
    const auto most = std::max_element(slots.begin(), slots.end());
    const std::uint64_t pid = load_shared(lines_[most - slots.begin()].pid);
    fail(errc::no_space, path_,
         "the table of " + std::to_string(lines_max) + " processes and readers is full; process " +
             std::to_string(pid) + " holds " + std::to_string(*most) + " snapshots or threads' places in it",
         "end snapshots there, or that process");
}

// --- Releasing --------------------------------------------------------------------------------------------

void attachments::free_line(std::uint32_t index) const noexcept {
    attachment_line& l = lines_[index];
    store_shared(l.pin, 0);
    store_shared(l.since_ns, 0);
    store_shared(l.claim, format::make_claim(line_kind::free, 0));
}

void attachments::release_slot(std::uint32_t index) noexcept {
    free_line(index);
    if (index < hint_.load(std::memory_order_relaxed)) {
        hint_.store(index, std::memory_order_relaxed);
    }
}

void attachments::free_slots_of(const std::vector<bool>& owners) const noexcept {
    const std::uint32_t end = lines_used();
    for (std::uint32_t index = first_line; index < end; ++index) {
        const std::uint64_t claim = load_shared(lines_[index].claim);
        const std::uint32_t owner = format::owner_of(claim);
        if (kind_of(claim) == line_kind::slot && owner < owners.size() && owners[owner]) {
            free_line(index);
        }
    }
}

void attachments::leave() noexcept {
    if (own_line_ == 0) {
        return;
    }
    const std::uint64_t own_slot = format::make_claim(line_kind::slot, own_line_);
    const std::uint32_t end = lines_used();
    for (std::uint32_t index = first_line; index < end; ++index) {
        if (load_shared(lines_[index].claim) == own_slot) {
            free_line(index);
        }
    }
    failpoint("segment.leave.slots");
    store_shared(lines_[own_line_].pid, 0);
    free_line(own_line_);
    own_byte_.drop();
    own_line_ = 0;
    failpoint("segment.leave.line");
}

std::vector<std::uint32_t> attachments::lock_dead() const {
    std::vector<std::uint32_t> dead;
    const std::uint32_t end = lines_used();
    dead.reserve(end); // nothing may throw once a byte is ours
    for (std::uint32_t index = first_line; index < end; ++index) {
        attachment_line& l = lines_[index];
        if (index == own_line_ || kind_of(load_shared(l.claim)) != line_kind::process) {
            continue;
        }
        dead.push_back(index);
        if (os::try_lock(file_, os::lock_mode::exclusive, byte_of(index)) != 0) {
            dead.pop_back();
        } else if (kind_of(load_shared(l.claim)) !=
                   line_kind::process) { // it left in good order between the two looks
            os::unlock(file_, byte_of(index));
            dead.pop_back();
        }
    }
    return dead;
}

std::size_t attachments::reap() noexcept {
    const std::lock_guard lock(reaping_);
    try {
        std::vector<bool> owners(lines_used());
        const std::vector<std::uint32_t> dead = lock_dead();
        if (dead.empty()) {
            return 0;
        }
        owners.resize(std::max<std::size_t>(owners.size(), dead.back() + 1));
        for (const std::uint32_t index : dead) {
            owners[index] = true;
            store_shared(lines_[index].generation, next_generation()); // whatever lock words name it, is dead
        }
        failpoint("segment.reap.locked");
        free_slots_of(owners);
        failpoint("segment.reap.slots");
        for (const std::uint32_t index : dead) {
            store_shared(lines_[index].pid, 0);
            free_line(index);
            failpoint("segment.reap.line");
            os::unlock(file_, byte_of(index));
        }
        return dead.size();
    } catch (const std::bad_alloc&) {
        return 0; // the dead can wait
    }
}

// --- Looking ----------------------------------------------------------------------------------------------

void attachments::collect_pins(std::vector<held_pin>& pins) const {
    const std::uint32_t end = lines_used();
    for (std::uint32_t index = first_line; index < end; ++index) {
        attachment_line& l = lines_[index];
        const std::uint64_t claim = load_shared(l.claim);
        const std::uint64_t pin = kind_of(claim) == line_kind::slot ? load_shared(l.pin) : 0;
        if (pin == 0) {
            continue;
        }
        const std::uint32_t owner = format::owner_of(claim);
        pins.push_back(
            {txn_id{pin}, owner < end ? load_shared(lines_[owner].pid) : 0, load_shared(l.since_ns)});
    }
}

std::vector<std::uint32_t> attachments::living() const {
    std::vector<std::uint32_t> found;
    const std::uint32_t end = lines_used();
    for (std::uint32_t index = first_line; index < end; ++index) {
        if (kind_of(load_shared(lines_[index].claim)) != line_kind::process) {
            continue;
        }
        if (index == own_line_ || is_write_locked(index)) {
            found.push_back(index);
        }
    }
    return found;
}

} // namespace holdfast
