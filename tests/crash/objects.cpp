// The victim that allocates objects beside the maps, as Boost.Interprocess containers do, in and out of transactions.
//
// Invariant: each object is filled with bytes that are its own; if two processes ever had the same memory, or a free
// object were handed to a tree, one of them would notice.
#include <cstring>
#include <vector>

#include "random.hpp"
#include "transaction/engine.hpp"
#include "transaction/writer.hpp"
#include "victim.hpp"

namespace holdfast::crash {

namespace {

constexpr std::size_t objects_max = 24;

struct object {
    unsigned char* place = nullptr;
    std::size_t bytes = 0;
    unsigned char filling = 0;
};

class object_owner {
public:
    object_owner(const victim_orders& orders, board& shared, acknowledgement& mine)
        : random_(orders.seed), orders_(&orders), board_(&shared), mine_(&mine) {
        segment_options options;
        options.mode = segment_mode::write;
        options.timeout = std::chrono::seconds(25);
        engine_ = engine::open(orders.path, options);
        mine_->opened.store(true);
        if (random_.chance(1, 3)) {
            static_cast<void>(
                engine_->external().prepare()); // Boost's page, which is made anew after a reboot
        }
    }

    void work() {
        for (std::uint64_t i = 0; i < orders_->steps_max && !board_->stop.load(); ++i) {
            if (random_.chance(1, 3)) {
                work_in_transaction(random_.chance(2, 3));
            } else if (objects_.size() < objects_max && random_.chance(1, 2)) {
                add(objects_);
            } else {
                remove();
            }
            mine_->steps.fetch_add(1);
        }
        while (!objects_.empty()) {
            remove();
        }
    }

private:
    void add(std::vector<object>& to) {
        const std::size_t count = random_.between(1, 4);
        const bool done = engine_->external().allocate(
            count,
            [&](std::size_t) {
                return allocation_request{
                    random_.chance(1, 10) ? random_.between(9'000, 60'000) : random_.between(1, 900), 16};
            },
            [&](void* place, std::size_t bytes) {
                object made{static_cast<unsigned char*>(place), bytes,
                            static_cast<unsigned char>(random_.next())};
                std::memset(made.place, made.filling, made.bytes);
                to.push_back(made);
            });
        if (!done) {
            throw broken_promise("no object was to be had");
        }
    }

    void verify(const object& one) const {
        for (std::size_t i = 0; i < one.bytes; ++i) {
            if (one.place[i] != one.filling) {
                throw broken_promise("somebody wrote into an object of another process");
            }
        }
    }

    void free_one(const object& one) {
        verify(one);
        bool given = false;
        engine_->external().deallocate([&]() -> void* {
            const bool first = !given;
            given = true;
            return first ? one.place : nullptr;
        });
    }

    void remove() {
        if (objects_.empty()) {
            return;
        }
        const std::size_t which = random_.below(objects_.size());
        const object one = objects_[which];
        objects_.erase(objects_.begin() + static_cast<std::ptrdiff_t>(which));
        free_one(one);
    }

    /// What is allocated and freed in a transaction is so only if that is committed.
    void work_in_transaction(bool commits) {
        std::vector<object> made;
        std::vector<object> left = objects_;
        writer transaction(engine_, std::chrono::seconds(25));
        if (left.size() < objects_max) {
            add(made);
        }
        if (!left.empty()) {
            free_one(left.back());
            left.pop_back();
        }
        if (commits) {
            transaction.commit(transaction.before());
            objects_ = left;
            objects_.insert(objects_.end(), made.begin(), made.end());
        } else {
            transaction.abort();
            for (const object& one : objects_) {
                verify(one);
            }
        }
    }

    random_source random_;
    const victim_orders* orders_;
    board* board_;
    acknowledgement* mine_;
    std::shared_ptr<engine> engine_;
    std::vector<object> objects_;
};

} // namespace

void allocate_objects(const victim_orders& orders, board& shared, acknowledgement& mine) {
    object_owner(orders, shared, mine).work();
}

} // namespace holdfast::crash
