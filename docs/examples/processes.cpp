// Two processes on one store: a child writes, the parent reads; a snapshot does not move.
#include <holdfast/store.hpp>

#undef NDEBUG // the assertions are the point
#include <cassert>
#include <sys/wait.h>
#include <unistd.h>

int main() {
    if (fork() == 0) { // a process opens the store after fork, not before
        auto store = holdfast::store::open("shared.hold");
        store.put("from", "child");
        _exit(0);
    }
    int status = 0;
    wait(&status);
    assert(status == 0);

    auto store = holdfast::store::open("shared.hold", {.mode = holdfast::open_mode::write});
    const holdfast::snapshot before = store.snapshot();
    if (fork() == 0) {
        try {
            store.put("never", "through an inherited handle");
        } catch (const holdfast::error& failure) {
            _exit(failure.reason() == holdfast::errc::forked ? 0 : 1);
        }
        _exit(2);
    }
    wait(&status);
    assert(status == 0);

    store.put("from", "parent");
    assert(*before.get("from") == "child"); // as it was
    assert(*store.get("from") == "parent");
    const holdfast::snapshot now = store.snapshot();
    assert(now.changes_since(before).size() == 1);

    const std::uint32_t group = getgid(); // or what getgrnam("...") says
    auto ours = holdfast::store::open("ours.hold", {.permissions = 0660, .group = group});
}
