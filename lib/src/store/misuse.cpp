// What programs are told that use a handle which is nothing any more.
#include "store/misuse.hpp"

#include <holdfast/error.hpp>

#include "store/walked.hpp"

namespace holdfast::detail {

void throw_moved_from(const char* what) {
    throw error(errc::moved_from, std::string("this ") + what + " was moved from; use what it was moved to");
}

void throw_ended(const char* what) {
    throw error(errc::transaction_ended,
                std::string("the transaction of this ") + what + " has ended; begin another one");
}

void throw_closed(const std::string& path) {
    throw error(errc::closed, path + ": this handle of the store was closed; open the store again");
}

void walked::throw_forked() {
    throw error(errc::forked, "this was inherited through fork(); open the store again in the child");
}

void walked::throw_stale() const {
    throw error(errc::stale_iterator,
                has_ended() ? "the transaction of this iterator has ended"
                            : "the map was changed since this iterator was made; find its place again");
}

} // namespace holdfast::detail
