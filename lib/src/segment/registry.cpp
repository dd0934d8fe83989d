// The table of open segments of this process.
#include "segment/registry.hpp"

#include <map>
#include <mutex>
#include <utility>

#include "os/fork.hpp"

namespace holdfast {

namespace {

struct entry {
    std::uint64_t generation = 0;
    std::weak_ptr<segment> opened; ///< empty while it is being opened, expired while it is being closed
};

/// Under os::fork_mutex. Never destroyed: segments may be closed by destructors of static objects.
std::map<registry_key, entry>& entries() {
    static auto* const instance = new std::map<registry_key, entry>;
    return *instance;
}

} // namespace

registry_claim::~registry_claim() {
    if (generation_ == 0) {
        return;
    }
    const std::lock_guard lock(os::fork_mutex());
    const auto found = entries().find(key_);
    if (found != entries().end() && found->second.generation == generation_) {
        entries().erase(found);
    }
}

registry_claim::registry_claim(registry_claim&& other) noexcept
    : key_(other.key_), generation_(std::exchange(other.generation_, 0)) {}

registry_claim& registry_claim::operator=(registry_claim&& other) noexcept {
    std::swap(key_, other.key_);
    std::swap(generation_, other.generation_);
    return *this;
}

void registry_claim::publish(const std::shared_ptr<segment>& opened) noexcept {
    const std::lock_guard lock(os::fork_mutex());
    const auto found = entries().find(key_);
    if (found != entries().end() && found->second.generation == generation_) {
        found->second.opened = opened;
    }
}

bool registry::find_or_claim(const registry_key& key, os::deadline until, std::shared_ptr<segment>& found,
                             registry_claim& claim) {
    os::backoff pause(until);
    do {
        const std::lock_guard lock(os::fork_mutex());
        entry& e = entries()[key];
        if (e.generation != os::fork_generation()) {
            e = {os::fork_generation(), {}};
            claim.key_ = key;
            claim.generation_ = e.generation;
            return true;
        }
        found = e.opened.lock();
    } while (!found && pause.wait());
    return found != nullptr;
}

} // namespace holdfast
