// Holding the newest commit.
#include "transaction/held_commit.hpp"

#include "transaction/thread_slots.hpp"

namespace holdfast {

std::shared_ptr<const held_commit> held_commit::newest(std::shared_ptr<engine> owner) {
    engine& from = *owner;
    from.file().expect_usable();
    if (std::shared_ptr<const held_commit> last = thread_slots::last_held(from.id());
        last && last->state().id() == from.visible()) {
        return last;
    }
    auto held = std::make_shared<const held_commit>(std::move(owner));
    thread_slots::note_held(from.id(), from.shared_file(), held);
    return held;
}

} // namespace holdfast
