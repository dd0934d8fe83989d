// Several threads of one process: readers side by side, readers beside a writer, writers beside sync points.
#include <atomic>
#include <barrier>
#include <thread>

#include "workloads/workload.hpp"

namespace compare {

namespace {

[[nodiscard]] bool reads(const abilities& can) { return can.reads; }
[[nodiscard]] bool reads_beside_writer(const abilities& can) { return can.reads && can.threads; }
[[nodiscard]] bool reads_beside_sync(const abilities& can) { return reads_beside_writer(can) && can.sync; }
[[nodiscard]] bool syncs(const abilities& can) { return can.batches && can.sync; }

/// A thread that joins, and passes its exception on: `join` throws it.
class worker {
public:
    template <class Work>
    explicit worker(Work work)
        : thread_([this, work = std::move(work)]() mutable {
              try {
                  work();
              } catch (...) {
                  failure_ = std::current_exception();
              }
          }) {}
    ~worker() {
        if (thread_.joinable()) {
            thread_.join();
        }
    }
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;
    void join() {
        thread_.join();
        if (failure_ != nullptr) {
            std::rethrow_exception(failure_);
        }
    }

private:
    std::exception_ptr failure_;
    std::thread thread_; // last: it uses the rest
};

using getter = void (session::*)(std::string_view, std::size_t, value_check&);

/// One thread's gets of its own random keys, until told to stop.
struct reader {
    key_sequence keys;
    std::unique_ptr<session> of;
    value_check check;
    latencies each{};
    std::uint64_t operations = 0;

    reader(const bench& with, std::uint64_t number)
        : keys(with.on.keys().drawn(with.seed * 64 + number)),
          of(with.on.opened().start_session()),
          check(with.on.check()) {
        check.expect(keys.entries());
    }
    void operator()(const limits& until, getter get) {
        std::size_t next = 0;
        operations = repeat(until, [&](std::uint64_t) {
                         ((*of).*get)(keys.key(next), next, check);
                         next = next + 1 == keys.size() ? 0 : next + 1;
                     }).operations;
    }
    /// At least one, however late it comes to run.
    void until(const std::atomic<bool>& stop) {
        std::size_t next = 0;
        do {
            const steady::time_point before = steady::now();
            of->get(keys.key(next), next, check);
            each.add(static_cast<std::uint64_t>((steady::now() - before).count()));
            next = next + 1 == keys.size() ? 0 : next + 1;
            ++operations;
        } while (!stop.load(std::memory_order_relaxed));
    }
};

/// The time of one get of all threads together: a second has so many of them.
[[nodiscard]] measurements get_by_threads(const bench& with, std::size_t count, getter get) {
    std::vector<std::unique_ptr<reader>> readers;
    for (std::size_t i = 0; i < count; ++i) {
        readers.push_back(std::make_unique<reader>(with, i));
    }
    std::barrier together(static_cast<std::ptrdiff_t>(count) + 1);
    std::vector<std::unique_ptr<worker>> workers;
    for (const auto& each : readers) {
        workers.push_back(std::make_unique<worker>([&, one = each.get()] {
            together.arrive_and_wait();
            (*one)(with.until(), get);
        }));
    }
    together.arrive_and_wait();
    const steady::time_point begin = steady::now();
    std::uint64_t operations = 0;
    for (std::size_t i = 0; i < count; ++i) {
        workers[i]->join();
        operations += readers[i]->operations;
        require_all(readers[i]->check, readers[i]->operations, "gets of a thread");
    }
    return {{"", nanoseconds_since(begin) / static_cast<double>(operations)}};
}

/// Runs `work` for as long as the returned object lives, in a thread of its own.
class meanwhile {
public:
    template <class Work>
    explicit meanwhile(Work work) : worker_([this, work = std::move(work)]() mutable { work(stop_); }) {}
    ~meanwhile() { stop_ = true; }
    meanwhile(const meanwhile&) = delete;
    meanwhile& operator=(const meanwhile&) = delete;
    void end() {
        stop_ = true;
        worker_.join();
    }

private:
    std::atomic<bool> stop_{false};
    worker worker_; // last: it uses the rest, and is joined first, after the destructor's body
};

/// Syncs one after the other.
void keep_syncing(store& of, const std::atomic<bool>& stop) {
    while (!stop) {
        of.sync();
    }
}

[[nodiscard]] measurements read_beside_writer(const bench& with) {
    reader one(with, 1);
    const steady::time_point begin = steady::now();
    meanwhile reading([&](const std::atomic<bool>& stop) { one.until(stop); });
    latencies each;
    const timed written = with.on.put_randomly(with.on.keys().drawn(with.seed), with.until(), &each);
    reading.end();
    const double nanoseconds = nanoseconds_since(begin);
    require_all(one.check, one.operations, "gets beside a writer");
    with.on.verify(with.seed);
    return {{"reader", nanoseconds / static_cast<double>(one.operations), "ns", one.each},
            {"writer", written.each(), "ns", each}};
}

[[nodiscard]] measurements read_beside_writer_and_sync(const bench& with, state) {
    meanwhile syncing([&](const std::atomic<bool>& stop) { keep_syncing(with.on.opened(), stop); });
    measurements result = read_beside_writer(with);
    syncing.end();
    return result;
}

[[nodiscard]] measurements put_beside_sync(const bench& with, state) {
    meanwhile syncing([&](const std::atomic<bool>& stop) { keep_syncing(with.on.opened(), stop); });
    latencies each;
    const timed done = with.on.put_randomly(with.on.keys().drawn(with.seed), with.until(), &each);
    syncing.end();
    with.on.verify(with.seed);
    return {{"", done.each(), "ns", each}};
}

} // namespace

void add_concurrent(std::vector<workload>& all) {
    for (const std::size_t count : {std::size_t{2}, std::size_t{8}}) {
        const std::string threads = std::to_string(count) + "-threads";
        all.push_back(
            {"get-" + threads,
             "random look-ups by " + std::to_string(count) + " threads together",
             {state::loaded},
             false,
             false,
             reads,
             [count](const bench& with, state) { return get_by_threads(with, count, &session::get); }});
        all.push_back({"snapshot-get-" + threads,
                       "the same, a snapshot for each",
                       {state::loaded},
                       false,
                       false,
                       reads,
                       [count](const bench& with, state) {
                           return get_by_threads(with, count, &session::get_by_snapshot);
                       }});
    }
    all.push_back({"reader-and-writer",
                   "a thread that gets beside one that puts",
                   {state::in_use},
                   true,
                   false,
                   reads_beside_writer,
                   [](const bench& with, state) { return read_beside_writer(with); }});
    all.push_back({"reader-writer-and-sync",
                   "the same while a third brings everything to the medium, all the time",
                   {state::in_use},
                   true,
                   false,
                   reads_beside_sync,
                   read_beside_writer_and_sync});
    all.push_back({"put-during-sync",
                   "put, while another thread brings everything to the medium, all the time",
                   {state::in_use},
                   true,
                   false,
                   syncs,
                   put_beside_sync});
}

} // namespace compare
