// The roles of the campaign's processes.
#include "victim.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <deque>
#include <exception>
#include <optional>
#include <thread>
#include <vector>

#include <holdfast/store.hpp>

#include "os/failpoint.hpp"
#include "process.hpp"
#include "random.hpp"

namespace holdfast::crash {

namespace {

using std::chrono::microseconds;

/// Writers of all levels of durability work on one store, with a small log, so that it goes round and runs full.
[[nodiscard]] store open_store(const std::filesystem::path& path, open_mode mode, std::uint64_t seed = 0) {
    open_options options;
    options.mode = mode;
    options.durability = static_cast<durability>(seed % 3);
    options.log_bytes = 64 << 10;
    options.flush_interval = std::chrono::milliseconds(5);
    options.background = seed % 4 != 0;
    options.timeout =
        std::chrono::seconds(25); // less than the lane's patience, so that a stuck process says why
    return store::open(path, options);
}

void pretend_boot(const std::string& boot) {
    if (!boot.empty()) {
        ::setenv("HOLDFAST_TEST_BOOT_ID", boot.c_str(), 1);
    }
}

/// One step in the store and in the model; both must agree on what was there.
void do_step(write_transaction& transaction, writer_model& self, const step& one) {
    const std::string name = self.map_name(one.map);
    std::uint64_t done = 0;
    const std::uint64_t expected = self.apply(one);
    switch (one.what) {
    case step::kind::put: {
        map_writer map = transaction.map(name);
        const bool there = map.contains(one.key);
        map.put(one.key, value_view(value_type::bytes, bytes_of(one.value)));
        done = there ? 1 : 0;
        break;
    }
    case step::kind::erase:
        done = transaction.map(name).erase(one.key) ? 1 : 0;
        break;
    case step::kind::erase_prefix:
        done = transaction.map(name).erase_prefix(one.key);
        break;
    case step::kind::drop:
        done = transaction.drop(name) ? 1 : 0;
        break;
    }
    if (done != expected) {
        throw broken_promise("writer " + std::to_string(self.id()) + ": a change of " + one.key +
                             " in map '" + name + "' met " + std::to_string(done) + " entries, expected " +
                             std::to_string(expected));
    }
}

/// Runs on a thread that ends with it.
template <class Work>
void on_another_thread(Work&& work) {
    std::exception_ptr failure;
    std::thread([&] {
        try {
            work();
        } catch (...) {
            failure = std::current_exception();
        }
    }).join();
    if (failure) {
        std::rethrow_exception(failure);
    }
}

/// A child may do nothing with what it inherits, neither by trying nor by ending; and it can open the store for itself.
void fork_inside(write_transaction& transaction, const store& in, const std::filesystem::path& path) {
    const pid_t forked = ::fork();
    if (forked != 0) {
        int status = 0;
        ::waitpid(forked, &status, 0);
        if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
            throw broken_promise("the child of a fork inside a transaction ended with status " +
                                 std::to_string(WEXITSTATUS(status)));
        }
        return;
    }
    arm_failpoints("");
    int status = 3;
    try {
        transaction.put("by a child", "of a fork");
    } catch (const error& refused) {
        status = refused.reason() == errc::forked ? 0 : 4;
    }
    try {
        static_cast<void>(in.get("by a child"));
        status = 5;
    } catch (const error& refused) {
        status = refused.reason() == errc::forked ? status : 6;
    }
    { const write_transaction ended = std::move(transaction); }
    if (store::open(path).get("by a child")) {
        status = 7;
    }
    ::_exit(status);
}

/// Each part of the transaction on a thread of its own.
void commit_from_thread_to_thread(store& in, const std::filesystem::path& path, writer_model& self,
                                  const plan& next, acknowledgement& mine, std::uint64_t number) {
    std::optional<write_transaction> transaction;
    on_another_thread([&] { transaction.emplace(in.begin_write()); });
    for (const step& one : next.steps) {
        on_another_thread([&] { do_step(*transaction, self, one); });
    }
    if (number % 16 == 0) {
        fork_inside(*transaction, in, path);
    }
    write_transaction moved = std::move(*transaction);
    on_another_thread([&] { moved.map("marks").put(self.mark_key(), self.mark()); });
    mine.begun.store(number);
    on_another_thread([&] { std::move(moved).commit(); });
}

/// A transaction that is thrown away, by abort or by leaving its scope.
void do_junk(store& in, const writer_model& self) {
    writer_model discarded = self;
    write_transaction transaction = in.begin_write();
    for (const step& one : self.junk()) {
        do_step(transaction, discarded, one);
    }
    if (self.done() % 2 == 0) {
        std::move(transaction).abort();
    }
}

/// `wandering`: where the store is, for one whose transactions go from thread to thread.
void do_transaction(store& in, writer_model& self, work kind, acknowledgement& mine,
                    const std::filesystem::path* wandering = nullptr) {
    const plan next = self.next(kind);
    if (next.abort_first) {
        do_junk(in, self);
    }
    const std::uint64_t number = self.done() + 1;
    if (next.single) {
        const step& only = next.steps.front();
        mine.begun.store(number);
        in.put(only.key, value_view(value_type::bytes, bytes_of(only.value)));
        self.apply(only);
    } else if (wandering != nullptr) {
        commit_from_thread_to_thread(in, *wandering, self, next, mine, number);
    } else {
        write_transaction transaction = in.begin_write();
        for (const step& one : next.steps) {
            do_step(transaction, self, one);
        }
        transaction.map("marks").put(self.mark_key(), self.mark());
        mine.begun.store(number);
        std::move(transaction).commit();
    }
    self.finish(next);
    mine.acked.store(number);
    mine.steps.fetch_add(1);
}

struct held {
    snapshot now;
    observation seen;
};

/// A held snapshot must not change.
void look_again(const held& one) {
    if (observe(one.now) != one.seen) {
        throw broken_promise("snapshot " + std::to_string(one.now.version()) + " changed under its reader");
    }
}

[[nodiscard]] held take(const store& from) {
    snapshot now = from.snapshot();
    observation seen = observe(now);
    return {std::move(now), seen};
}

/// More snapshots than the table of readers has room for at first.
void fill_table(const store& in) {
    std::vector<snapshot> many;
    for (int i = 0; i < 1'100; ++i) {
        many.push_back(in.snapshot());
    }
}

void hold_snapshots(const victim_orders& orders, board& shared, acknowledgement& mine) {
    store in = open_store(orders.path, open_mode::write, orders.seed);
    mine.opened.store(true);
    random_source random(orders.seed);
    std::deque<held> kept;
    for (std::uint64_t i = 0; i < orders.steps_max && !shared.stop.load(); ++i) {
        kept.push_back(take(in));
        if (kept.size() > 6 || random.chance(1, 4)) {
            const std::size_t which = random.below(kept.size());
            look_again(kept[which]);
            kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(which));
        }
        if (random.chance(1, 50)) {
            fill_table(in);
        }
        for (int key = 0; key < 8; ++key) {
            const std::string name =
                numbered(numbered("w", random.below(writers_max)) + "/k", random.below(60));
            if (const std::optional<value> found = in.get(name); found && !value_of(found->text())) {
                throw broken_promise("a look-up of " + name + " gave a torn value");
            }
        }
        mine.steps.fetch_add(1);
        sleep_exactly(microseconds(random.below(200)));
    }
}

void open_and_close(const victim_orders& orders, writer_model& self, board& shared, acknowledgement& mine) {
    for (std::uint64_t i = 0; i < orders.steps_max && !shared.stop.load(); ++i) {
        store in = open_store(orders.path, open_mode::write, orders.seed);
        mine.opened.store(true);
        do_transaction(in, self, work::mixed, mine);
    }
}

void open_and_look(const victim_orders& orders, board& shared, acknowledgement& mine) {
    for (std::uint64_t i = 0; i < orders.steps_max && !shared.stop.load(); ++i) {
        const store in = open_store(orders.path, open_mode::read_only);
        mine.opened.store(true);
        const held first = take(in);
        const held second = take(in);
        look_again(first);
        look_again(second);
        mine.steps.fetch_add(1);
    }
}

void write_on(const victim_orders& orders, writer_model& self, board& shared, acknowledgement& mine) {
    store in = open_store(orders.path, orders.role == part::create ? open_mode::create : open_mode::write,
                          orders.seed);
    mine.opened.store(true);
    std::deque<held> kept; // a writer that reads, too
    for (std::uint64_t i = 0; i < orders.steps_max && !shared.stop.load(); ++i) {
        do_transaction(in, self, work_of(orders.role), mine,
                       orders.role == part::wander ? &orders.path : nullptr);
        if (self.done() % 37 == 0) {
            kept.push_back(take(in));
        }
        if (kept.size() > 3) {
            look_again(kept.front());
            kept.pop_front();
        }
    }
}

} // namespace

std::string_view name_of(part role) noexcept {
    switch (role) {
    case part::put:
        return "put";
    case part::batch:
        return "batch";
    case part::erase:
        return "erase";
    case part::grow:
        return "grow";
    case part::huge:
        return "huge";
    case part::mixed:
        return "mixed";
    case part::wander:
        return "wander";
    case part::open:
        return "open";
    case part::hold:
        return "hold";
    case part::look:
        return "look";
    case part::create:
        return "create";
    }
    return "?";
}

int run_victim(const victim_orders& orders, writer_model self, board& shared) {
    arm_failpoints(orders.failpoints);
    acknowledgement& mine = shared.victims.at(self.id());
    switch (orders.role) {
    case part::open:
        open_and_close(orders, self, shared, mine);
        break;
    case part::hold:
        hold_snapshots(orders, shared, mine);
        break;
    case part::look:
        open_and_look(orders, shared, mine);
        break;
    default:
        write_on(orders, self, shared, mine);
        break;
    }
    if (orders.report_passed) {
        shared.passed.set(failpoints_passed());
    }
    return 0;
}

int run_reader(const std::filesystem::path& path, reading how, board& shared) {
    const store in = open_store(path, how == reading::attached ? open_mode::write : open_mode::read_only);
    std::optional<held> kept;
    for (std::uint64_t i = 0; !shared.reader_stop.load(); ++i) {
        if (kept && i % 5 == 0) {
            look_again(*kept);
            kept.reset();
        }
        held now = take(in);
        if (!kept && i % 3 == 0) {
            kept = std::move(now);
        }
        shared.snapshots.fetch_add(1);
        for (int nap = 0; nap < 20 && !shared.reader_hurry.load() && !shared.reader_stop.load(); ++nap) {
            sleep_exactly(microseconds(50));
        }
    }
    return 0;
}

int run_recoverer(const recoverer_orders& orders) {
    pretend_boot(orders.boot);
    arm_failpoints(orders.failpoints);
    store in = open_store(orders.path, open_mode::write);
    std::move(in.begin_write()).abort();
    return 0;
}

int run_verifier(const verifier_orders& orders, std::vector<writer_model> writers, board& shared) {
    pretend_boot(orders.boot);
    arm_failpoints("*=count");
    store in = open_store(orders.path, open_mode::write);
    in.sync(); // shows what waited for the medium when its process was killed; recovers nothing
    const held before = take(in); // where a victim's lock is still to be recovered, readers don't mind
    for (writer_model& writer : writers) {
        const acknowledgement& promised = shared.victims.at(writer.id());
        const std::uint64_t done = before.seen.done.at(writer.id());
        if (done < promised.acked.load() || done > promised.begun.load()) {
            throw broken_promise("writer " + std::to_string(writer.id()) + ": " + std::to_string(done) +
                                 " transactions are there, acknowledged " +
                                 std::to_string(promised.acked.load()) + ", begun " +
                                 std::to_string(promised.begun.load()));
        }
        while (writer.done() < done) {
            writer.apply(writer.next(work_of(orders.roles.at(writer.id()))));
        }
        shared.found.at(writer.id()).store(done);
    }
    compare(before.now, writers);
    if (const std::vector<finding> findings = in.check(); !findings.empty()) {
        throw broken_promise("check: " + findings.front().what + " (" + std::to_string(findings.size()) +
                             " findings; map '" + findings.front().map + "', key '" + findings.front().key +
                             "')");
    }
    if (take(in).seen != before.seen) {
        throw broken_promise("recovery changed what readers see");
    }
    const statistics figures = in.stat();
    shared.recoveries.store(figures.recoveries);
    shared.file_bytes.store(figures.file_bytes);
    shared.passed.set(failpoints_passed());
    return 0;
}

} // namespace holdfast::crash
