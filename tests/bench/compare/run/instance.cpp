// How a store with its data set is made, used and verified.
#include "run/instance.hpp"

#include <cstdlib>

namespace compare {

namespace {

constexpr std::size_t verified_max = 1000;

} // namespace

std::filesystem::path new_folder(const std::filesystem::path& parent) {
    std::string pattern = (parent / "holdfast-compare-XXXXXX").string();
    require(::mkdtemp(pattern.data()) != nullptr, "can't make a folder in " + parent.string());
    return pattern;
}

batch::batch(std::size_t count_max, std::size_t key_bytes, std::size_t value_bytes) {
    bytes_.reserve(count_max * (key_bytes + value_bytes));
    entries_.reserve(count_max);
}

void batch::clear() noexcept {
    bytes_.clear();
    entries_.clear();
}

void batch::add(std::string_view key, std::string_view value) {
    // Room was reserved for all of them: the views stay valid.
    const std::size_t at = bytes_.size();
    bytes_.insert(bytes_.end(), key.begin(), key.end());
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    const char* begin = bytes_.data() + at;
    entries_.push_back({{begin, key.size()}, {begin + key.size(), value.size()}});
}

instance::instance(const driver& of, const key_set& keys, std::size_t value_bytes,
                   const std::filesystem::path& parent, std::uint64_t seed)
    : of_(&of),
      keys_(&keys),
      value_bytes_(value_bytes),
      folder_(new_folder(parent)),
      values_(value_bytes, seed + 1),
      generations_(2 * keys.entries(), 0),
      server_(of.serve(folder_, size())) {
    open();
}

instance::~instance() {
    close();
    server_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void instance::close() {
    session_.reset();
    store_.reset();
}

void instance::open(access how) {
    close();
    store_ = of_->open(folder_, size(), how);
    session_ = store_->start_session();
}

timed instance::load(const key_sequence& sequence, std::size_t a_transaction) {
    batch some(std::min(a_transaction, sequence.size()), keys_->key_bytes(), value_bytes_);
    timed result;
    for (std::size_t i = 0; i < sequence.size(); ++i) {
        const std::uint64_t entry = sequence.entries()[i];
        some.add(sequence.key(i), values_.next(entry));
        note(entry);
        if (some.full() || i + 1 == sequence.size()) {
            const steady::time_point begin = steady::now();
            main().put_batch(some.entries());
            result.nanoseconds += nanoseconds_since(begin);
            some.clear();
        }
    }
    result.operations = sequence.size();
    return result;
}

timed instance::put_randomly(const key_sequence& sequence, const limits& until, latencies* each) {
    session& to = main();
    const std::size_t count = sequence.size();
    const std::uint64_t before = values_.generation();
    std::size_t next = 0;
    const auto put = [&](std::uint64_t) {
        to.put(sequence.key(next), values_.next(sequence.entries()[next]));
        next = next + 1 == count ? 0 : next + 1;
    };
    const timed result = each != nullptr ? repeat(until, *each, put) : repeat(until, put);
    const std::uint64_t done = result.operations;
    for (std::uint64_t i = done - std::min<std::uint64_t>(done, count); i < done; ++i) {
        generations_[sequence.entries()[i % count]] = before + 2 * (i + 1);
    }
    return result;
}

void instance::forget() { generations_.assign(generations_.size(), 0); }

void instance::verify(std::uint64_t seed) {
    if (!of_->can().reads) {
        return;
    }
    const key_sequence some = keys_->drawn(seed);
    value_check found = check();
    found.expect(some.entries());
    for (std::size_t i = 0; i < std::min(some.size(), verified_max); ++i) {
        main().get(some.key(i), i, found);
        const std::uint64_t entry = some.entries()[i];
        const bool is_newest =
            generations_[entry] == 0 || found.last_word() == word_of(entry, generations_[entry]);
        require(found.good() == i + 1 && is_newest,
                of_->name() + ": " + std::string(some.key(i)) + " has not the value that it should have");
    }
}

} // namespace compare
