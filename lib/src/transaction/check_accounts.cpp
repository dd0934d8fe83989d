// Comparing what is reachable or waiting with what the heap holds for allocated.
#include "transaction/check_accounts.hpp"

#include <holdfast/error.hpp>

#include "heap/account_reader.hpp"
#include "heap/size_class.hpp"
#include "transaction/engine.hpp"

namespace holdfast {

namespace {

using format::block_owner;
using format::block_state;

/// More of them would tell nobody more.
constexpr std::size_t findings_max = 1000;

/// Each object of an owner that the trees know of must be marked, by a map or by a list, exactly once.
class account_checker final : public account_visitor {
public:
    account_checker(const heap& memory, object_marks& marks, std::vector<check_finding>& findings)
        : heap_(&memory), marks_(&marks), findings_(&findings) {}

    void run(std::uint64_t commit_end_bytes) {
        const format::heap_header& header = heap_->header();
        if (heap_->end_bytes() < commit_end_bytes) {
            return damage("the heap ends before the newest commit does");
        }
        if (!heap_->undo().is_sound()) {
            damage("the undo log's header is damaged");
        }
        usage_.front = format::heap_offset;
        if (header.reserve_block != 0) {
            usage_.reserve +=
                mark(ref::from_offset(header.reserve_block * format::block_bytes), "the reserve");
        }
        read_accounts(*heap_, *this);
        usage_.trees -= usage_.waiting + usage_.lists + usage_.reserve;
        if (found_ != marks_->count()) {
            damage("objects are in use that the heap does not hold for allocated");
        }
        if (usage_.waiting != header.held_back_bytes) {
            damage("the count of bytes held back is wrong");
        }
        if (usage_.total() != heap_->end_bytes()) {
            damage("bytes of the heap belong to nobody");
        }
    }
    [[nodiscard]] const space_usage& usage() const noexcept { return usage_; }

    void block(const account_block& found) override {
        present_ = found.use;
        if (found.state == block_state::table) {
            usage_.tables += found.bytes();
        }
        if (found.state == block_state::free_run) {
            usage_.free += found.bytes();
        }
        if (found.state == block_state::slab) {
            const std::uint8_t size_class = found.descriptor->size_class;
            usage_.unused +=
                found.bytes() - objects_per_slab(size_class) * std::uint64_t{format::slab_sizes[size_class]};
        }
    }

    void object(ref place, std::uint64_t bytes, bool allocated) override {
        const bool in_arena = present_.owner == block_owner::arena;
        const bool in_use = !in_arena && marks_->marked(place);
        if (in_use) {
            ++found_;
        }
        if (!allocated) {
            usage_.unused += bytes;
            if (in_use) {
                damage("an object in use is marked free");
            }
        } else if (in_arena || in_use) {
            (in_arena                              ? usage_.arenas[present_.arena]
             : present_.owner == block_owner::redo ? usage_.logs
                                                   : usage_.trees) += bytes;
        } else {
            (present_.owner == block_owner::log ? usage_.logs : usage_.leaked) += bytes;
            damage("leaked: an allocated object is neither reachable nor waiting");
        }
    }

    bool list_part(ref place, std::uint64_t /*bytes*/) override {
        const std::uint64_t bytes = mark(place, "a part of a list");
        usage_.lists += bytes;
        return bytes != 0;
    }
    void waiting(ref place) override { usage_.waiting += mark(place, "a retired object"); }

    void damage(const std::string& what) override {
        if (findings_->size() < findings_max) {
            findings_->push_back({what, "", ""});
        }
    }

private:
    /// The object's bytes; 0 if it was marked already, and must not be followed again.
    std::uint64_t mark(ref place, const char* what) {
        if (marks_->covers(place) && marks_->mark(place)) {
            return heap_->size_of(place);
        }
        damage(std::string(what) + " is used twice, or lies outside the heap");
        return 0;
    }

    const heap* heap_;
    object_marks* marks_;
    std::vector<check_finding>* findings_;
    space_usage usage_;
    block_use present_{block_owner::none};
    std::uint64_t found_ = 0;
};

} // namespace

void check_accounts(segment& file, std::uint64_t commit_end_bytes, object_marks& marks,
                    const check_options& options, std::vector<check_finding>& findings) {
    try {
        segment_backing backing(file);
        heap memory(backing);
        memory.blocks().verify_header(backing.backed_bytes());
        account_checker checker(memory, marks, findings);
        checker.run(commit_end_bytes);
        if (options.usage != nullptr) {
            *options.usage = checker.usage();
        }
    } catch (const error& damage) {
        if (damage.reason() != errc::corrupt) {
            throw;
        }
        findings.push_back({damage.what(), "", ""});
    }
}

} // namespace holdfast
