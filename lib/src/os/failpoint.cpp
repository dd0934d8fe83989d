// The table of failpoints: programs and passages by name.
//
// Thread safety: passages are lock-free and may come from any thread; an entry, once named, keeps its name.
// Process safety: the table belongs to one process; fork() copies it.
// Invariant: an entry's name is read only after its state was seen to be `named`.
#include "os/failpoint.hpp"

#ifdef HOLDFAST_FAILPOINTS

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <utility>

namespace holdfast {

namespace {

enum class action : std::uint8_t { none, kill, fail, off };

struct program {
    action what = action::none;
    int code = 0;              ///< fail: the errno
    std::uint64_t passage = 0; ///< which one; 0: each
};

struct entry {
    enum state : std::uint32_t { unused, naming, named };
    std::atomic<std::uint32_t> status{unused};
    std::array<char, 60> name{};
    std::atomic<std::uint64_t> passages{0};
    program what{};
};

enum class mode : std::uint32_t { unread, idle, armed };

constexpr std::size_t entries_max = 1024;
std::array<entry, entries_max> table;
entry all_points;
std::atomic<mode> current{mode::unread};
std::atomic<failpoint_observer*> watching{nullptr};

std::string_view name_of(const entry& e) noexcept { return {e.name.data()}; }

/// The entry of a name, made if there is none; null when the table is full.
entry* find_or_add(std::string_view name) noexcept {
    name = name.substr(0, std::tuple_size_v<decltype(entry::name)> - 1);
    const std::size_t start = std::hash<std::string_view>{}(name);
    for (std::size_t i = 0; i < entries_max; ++i) {
        entry& e = table[(start + i) % entries_max];
        std::uint32_t status = e.status.load(std::memory_order_acquire);
        if (status == entry::unused && e.status.compare_exchange_strong(status, entry::naming)) {
            std::copy(name.begin(), name.end(), e.name.begin());
            e.status.store(entry::named, std::memory_order_release);
            return &e;
        }
        while (e.status.load(std::memory_order_acquire) == entry::naming) {
        }
        if (name_of(e) == name) {
            return &e;
        }
    }
    return nullptr;
}

int number_of_errno(std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, int>, 14> names = {{{"ENOSPC", ENOSPC},
                                                                                {"EDQUOT", EDQUOT},
                                                                                {"EFBIG", EFBIG},
                                                                                {"EIO", EIO},
                                                                                {"EACCES", EACCES},
                                                                                {"EPERM", EPERM},
                                                                                {"EROFS", EROFS},
                                                                                {"ENOMEM", ENOMEM},
                                                                                {"EINTR", EINTR},
                                                                                {"EINVAL", EINVAL},
                                                                                {"EOPNOTSUPP", EOPNOTSUPP},
                                                                                {"ENOSYS", ENOSYS},
                                                                                {"ENOLCK", ENOLCK},
                                                                                {"ENOENT", ENOENT}}};
    for (const auto& [name, code] : names) {
        if (name == text) {
            return code;
        }
    }
    int code = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), code);
    if (problem != std::errc{} || end != text.data() + text.size() || code <= 0) {
        throw std::invalid_argument("failpoints: not an errno: " + std::string(text));
    }
    return code;
}

std::uint64_t passage_of(std::string_view text) {
    std::uint64_t passage = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), passage);
    if (problem != std::errc{} || end != text.data() + text.size() || passage == 0) {
        throw std::invalid_argument("failpoints: not a number of a passage: " + std::string(text));
    }
    return passage;
}

program parse_program(std::string_view text) {
    program made;
    const std::size_t at = text.find('@');
    if (at != std::string_view::npos) {
        made.passage = passage_of(text.substr(at + 1));
        text = text.substr(0, at);
    }
    const bool counted = made.passage != 0;
    if (text == "kill" && counted) {
        made.what = action::kill;
    } else if (text == "off" && !counted) {
        made.what = action::off;
    } else if (text.substr(0, 4) == "fail" && (text.size() == 4 || text[4] == ':')) {
        made.what = action::fail;
        made.code = text.size() == 4 ? ENOSPC : number_of_errno(text.substr(5));
    } else if (text != "count" || counted) {
        throw std::invalid_argument("failpoints: not a program: " + std::string(text));
    }
    return made;
}

void arm_one(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) {
        throw std::invalid_argument("failpoints: not NAME=PROGRAM: " + std::string(text));
    }
    const program made = parse_program(text.substr(equals + 1));
    const std::string_view name = text.substr(0, equals);
    entry* const e = name == "*" ? &all_points : find_or_add(name);
    if (e == nullptr || (name == "*" && made.what != action::kill && made.what != action::none)) {
        throw std::invalid_argument("failpoints: not possible: " + std::string(text));
    }
    e->what = made;
}

/// Reads the environment variable, once a process.
void read_environment() noexcept {
    static const bool done = [] {
        const char* const list = std::getenv("HOLDFAST_FAILPOINTS");
        try {
            arm_failpoints(list == nullptr ? "" : list);
        } catch (const std::exception& problem) {
            std::fprintf(stderr, "holdfast: HOLDFAST_FAILPOINTS: %s\n", problem.what());
            std::abort();
        }
        return true;
    }();
    static_cast<void>(done);
}

bool idle() noexcept {
    mode now = current.load(std::memory_order_relaxed);
    if (now == mode::unread) [[unlikely]] {
        read_environment();
        now = current.load(std::memory_order_relaxed);
    }
    return now == mode::idle;
}

[[noreturn]] void die() noexcept {
    ::kill(::getpid(), SIGKILL);
    for (;;) {
        ::pause();
    }
}

/// Counts a passage and says whether the entry's program is due at it.
bool due(entry& e) noexcept {
    const std::uint64_t passage = e.passages.fetch_add(1, std::memory_order_relaxed) + 1;
    return e.what.what != action::none && (e.what.passage == 0 || e.what.passage == passage);
}

const program* pass(std::string_view name) noexcept {
    entry* const e = find_or_add(name);
    const bool here = e != nullptr && due(*e);
    const bool anywhere = due(all_points);
    if (anywhere || (here && e->what.what == action::kill)) {
        die();
    }
    return here ? &e->what : nullptr;
}

} // namespace

void failpoint(std::string_view name) noexcept {
    if (!idle()) {
        static_cast<void>(pass(name));
    }
    if (failpoint_observer* const observer = watching.load(std::memory_order_relaxed); observer != nullptr) {
        observer->passed(name);
    }
}

void observe_failpoints(failpoint_observer* observer) noexcept { watching.store(observer); }

int reached_medium(int code, std::uint64_t start, std::uint64_t bytes) noexcept {
    failpoint_observer* const observer = watching.load(std::memory_order_relaxed);
    if (code == 0 && observer != nullptr) {
        observer->reached_medium(start, bytes);
    }
    return code;
}

int failpoint_error(std::string_view name) noexcept {
    if (idle()) {
        return 0;
    }
    const program* const what = pass(name);
    return what != nullptr && what->what == action::fail ? what->code : 0;
}

bool protocol_order(std::string_view name) noexcept {
    if (idle()) {
        return true;
    }
    const entry* const e = find_or_add(name);
    return e == nullptr || e->what.what != action::off;
}

void arm_failpoints(const std::string& list) {
    all_points.what = {};
    all_points.passages.store(0, std::memory_order_relaxed);
    for (entry& e : table) {
        e.what = {};
        e.passages.store(0, std::memory_order_relaxed);
    }
    current.store(mode::idle, std::memory_order_relaxed);
    std::string_view rest = list;
    while (!rest.empty()) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        arm_one(rest.substr(0, comma));
        rest.remove_prefix(std::min(comma + 1, rest.size()));
        current.store(mode::armed, std::memory_order_relaxed);
    }
}

std::string failpoints_passed() {
    std::string lines;
    for (const entry& e : table) {
        const std::uint64_t passages = e.passages.load(std::memory_order_relaxed);
        if (e.status.load(std::memory_order_acquire) == entry::named && passages != 0) {
            lines += std::string(name_of(e)) + ' ' + std::to_string(passages) + '\n';
        }
    }
    return lines;
}

} // namespace holdfast

#endif
