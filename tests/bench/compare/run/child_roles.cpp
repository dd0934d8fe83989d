// What children do.
#include <cstdio>
#include <unistd.h>

#include "run/children.hpp"
#include "run/memory.hpp"

namespace compare {

namespace {

void be_ready() {
    std::puts("ready");
    std::fflush(stdout);
    require(std::getchar() != EOF, "nobody is there any more");
}

struct child_work {
    const options& given;
    const driver& of;
    key_set keys{given.keys.front(), given.entries.front()};
    std::size_t value_bytes = given.sizes.front();
    key_sequence drawn = keys.drawn(given.seed);
    extent size{2 * keys.entries(), keys.key_bytes(), value_bytes};

    [[nodiscard]] std::unique_ptr<store> open(access how) const { return of.open(given.folder, size, how); }
    void get() const;
    void put() const;
    void open_and_close() const;
};

void child_work::get() const {
    const auto opened = open(of.can().processes ? access::usual : access::read_only);
    const auto from = opened->start_session();
    value_check check(value_bytes);
    check.expect(drawn.entries());
    be_ready();
    const timed done = repeat({given.seconds}, [&](std::uint64_t i) {
        from->get(drawn.key(i % drawn.size()), i % drawn.size(), check);
    });
    require_all(check, done.operations, "gets of a process");
    std::printf("%llu\n", static_cast<unsigned long long>(done.operations));
}

void child_work::put() const {
    const auto opened = open(access::durable);
    const auto to = opened->start_session();
    value_source values(value_bytes, given.seed);
    be_ready();
    const timed done = repeat({given.seconds}, [&](std::uint64_t i) {
        to->put(drawn.key(i % drawn.size()), values.next(drawn.entries()[i % drawn.size()]));
    });
    std::printf("%llu\n", static_cast<unsigned long long>(done.operations));
}

void child_work::open_and_close() const {
    value_check check(value_bytes);
    check.expect(drawn.entries());
    const std::size_t gets = given.role == "read" ? keys.entries() : 1;
    const double own = memory_of(::getpid(), "RssAnon");
    const double file = memory_of(::getpid(), "RssFile");
    be_ready();
    const steady::time_point begin = steady::now();
    auto opened = open(access::usual);
    auto from = opened->start_session();
    from->get(drawn.key(0), 0, check);
    const double opening = nanoseconds_since(begin);
    for (std::size_t i = 1; i < gets; ++i) {
        from->get(drawn.key(i % drawn.size()), i % drawn.size(), check);
    }
    require_all(check, gets, "gets after opening");
    const double own_bytes = std::max(0.0, memory_of(::getpid(), "RssAnon") - own);
    const double file_bytes = std::max(0.0, memory_of(::getpid(), "RssFile") - file);
    const steady::time_point closing = steady::now();
    from.reset();
    opened.reset();
    std::printf("%f %f %f %f\n", opening, nanoseconds_since(closing), own_bytes, file_bytes);
}

} // namespace

void be_child(const options& given, const driver& of) {
    const child_work work{given, of};
    if (given.role == "get") {
        work.get();
    } else if (given.role == "put") {
        work.put();
    } else {
        work.open_and_close();
    }
    std::fflush(stdout);
}

} // namespace compare
