// Writes that outlive a power cut once they are acknowledged.
#include <thread>

#include "run/children.hpp"
#include "workloads/workload.hpp"

namespace compare {

namespace {

[[nodiscard]] bool any(const abilities&) { return true; }
[[nodiscard]] bool batches(const abilities& can) { return can.batches; }
[[nodiscard]] bool processes(const abilities& can) { return can.processes; }
[[nodiscard]] bool threads(const abilities& can) { return can.threads && can.reads; }

constexpr std::size_t small_batch = 100;

[[nodiscard]] measurements put(const bench& with, state) {
    latencies each;
    const timed done = with.on.put_randomly(with.on.keys().drawn(with.seed), with.until(), &each);
    with.on.verify(with.seed);
    return {{"", done.each(), "ns", each}};
}

[[nodiscard]] measurements put_batches(const bench& with, state) {
    const key_sequence keys = with.on.keys().drawn(with.seed);
    batch some(small_batch, with.on.keys().key_bytes(), with.on.value_bytes());
    std::size_t next = 0;
    latencies each;
    const timed done = repeat(with.until(), each, [&](std::uint64_t) {
        some.clear();
        while (!some.full()) {
            some.add(keys.key(next), with.on.values().next(keys.entries()[next]));
            with.on.note(keys.entries()[next]);
            next = next + 1 == keys.size() ? 0 : next + 1;
        }
        with.on.main().put_batch(some.entries());
    });
    with.on.verify(with.seed);
    return {{"", done.each(), "ns of a batch", each}};
}

[[nodiscard]] measurements put_by_processes(const bench& with, state) {
    with.on.close();
    const measurement result = run_children(with, "put", 8);
    with.on.open(access::durable);
    with.on.forget();
    with.on.verify(with.seed);
    return {result};
}

[[nodiscard]] measurements put_by_threads(const bench& with, state) {
    constexpr std::size_t count = 8;
    std::vector<std::thread> threads;
    std::vector<timed> done(count);
    std::vector<std::exception_ptr> failures(count);
    const steady::time_point begin = steady::now();
    for (std::size_t i = 0; i < count; ++i) {
        threads.emplace_back([&, i] {
            try {
                const auto to = with.on.opened().start_session();
                const key_sequence keys = with.on.keys().drawn(with.seed * 64 + i);
                value_source values(with.on.value_bytes(), with.seed * 64 + i);
                done[i] = repeat(with.until(), [&](std::uint64_t at) {
                    to->put(keys.key(at % keys.size()), values.next(keys.entries()[at % keys.size()]));
                });
            } catch (...) {
                failures[i] = std::current_exception();
            }
        });
    }
    std::uint64_t operations = 0;
    for (std::size_t i = 0; i < count; ++i) {
        threads[i].join();
        operations += done[i].operations;
    }
    const double nanoseconds = nanoseconds_since(begin);
    for (const std::exception_ptr& each : failures) {
        if (each != nullptr) {
            std::rethrow_exception(each);
        }
    }
    with.on.forget();
    with.on.verify(with.seed);
    return {{"", nanoseconds / static_cast<double>(operations)}};
}

} // namespace

void add_durable(std::vector<workload>& all) {
    const std::vector<state> used = {state::in_use};
    all.push_back({"durable-put", "another value for a random key, on the medium when acknowledged", used,
                   true, true, any, put});
    all.push_back({"durable-batch", "100 random keys in one transaction, on the medium when acknowledged",
                   used, true, true, batches, put_batches});
    all.push_back({"durable-put-8-threads", "8 threads, a durable put each at a time", used, true, true,
                   threads, put_by_threads});
    all.push_back({"durable-put-8-processes", "8 processes, a durable put each at a time", used, true, true,
                   processes, put_by_processes});
}

} // namespace compare
