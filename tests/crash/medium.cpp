// Recording what may reach the medium.
#include "medium.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace holdfast::crash {

namespace {

constexpr page_content zeros{};

const page_content& content_of(page_version version) noexcept {
    return version == nullptr ? zeros : *version;
}

} // namespace

medium::medium(const std::filesystem::path& path, bool durable)
    : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    struct stat now {};
    void* const mapped =
        fd_ < 0 ? MAP_FAILED
                : ::mmap(nullptr, watched_bytes_max, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd_, 0);
    if (mapped == MAP_FAILED || ::fstat(fd_, &now) != 0) {
        throw std::runtime_error("can't watch " + path.string());
    }
    base_ = static_cast<const char*>(mapped);
    device_ = now.st_dev;
    inode_ = now.st_ino;
    if (durable) {
        reached(0, 0);
    }
}

medium::~medium() {
    ::munmap(const_cast<char*>(base_), watched_bytes_max);
    ::close(fd_);
}

std::uint64_t medium::file_bytes() const {
    struct stat now {};
    if (::fstat(fd_, &now) != 0 || static_cast<std::uint64_t>(now.st_size) > watched_bytes_max) {
        throw std::runtime_error("the watched file has become too large");
    }
    return static_cast<std::uint64_t>(now.st_size);
}

page_version medium::keep(const char* bytes) {
    if (std::memcmp(bytes, zeros.data(), page_bytes) == 0) {
        return nullptr;
    }
    page_content& kept = versions_.emplace_back();
    std::memcpy(kept.data(), bytes, page_bytes);
    return &kept;
}

void medium::look() {
    const std::size_t end = places::up_to(file_bytes());
    if (places_.size() < end) {
        places_.resize(end);
    }
    for (std::size_t index = 0; index < end; ++index) {
        page_history& seen = places_[index];
        if (std::memcmp(content_of(seen.present()).data(), bytes_at(index), page_bytes) != 0) {
            if (seen.since.empty()) {
                unsettled_.push_back(index);
            }
            seen.since.push_back(keep(bytes_at(index)));
        }
    }
}

page_version medium::patched(page_version old, std::size_t from, std::size_t to, const char* bytes) {
    if (std::memcmp(content_of(old).data() + from, bytes, to - from) == 0) {
        return old;
    }
    page_content& made = versions_.emplace_back(content_of(old));
    std::memcpy(made.data() + from, bytes, to - from);
    return &made;
}

/// The bytes of a place that lie in [start, end) are those of its present version in all its versions.
void medium::settle(std::size_t index, std::uint64_t start, std::uint64_t end) {
    page_history& settled = places_[index];
    const std::uint64_t offset = places::offset_of(index);
    const std::uint64_t from = std::max(offset, start) - offset;
    const std::uint64_t to = std::min(offset + page_bytes, end) - offset;
    if (from == 0 && to == page_bytes) {
        settled.durable = settled.present();
        settled.since.clear();
        return;
    }
    const page_content& present = content_of(settled.present());
    settled.durable = patched(settled.durable, from, to, present.data() + from);
    for (page_version& version : settled.since) {
        version = patched(version, from, to, present.data() + from);
    }
    if (content_of(settled.durable) == present) {
        settled.since.clear();
    }
}

void medium::reached(std::uint64_t start, std::uint64_t bytes) {
    look();
    const std::uint64_t end = bytes == 0 ? watched_bytes_max : start + bytes;
    std::erase_if(unsettled_, [&](std::size_t index) {
        const std::uint64_t offset = places::offset_of(index);
        if (offset < end && offset + page_bytes > start) {
            settle(index, start, end);
        }
        return places_[index].since.empty();
    });
    durable_bytes_ = file_bytes();
}

page_version medium::mixed(const page_history& of, image& made, random_source& random) {
    page_content& mix = made.own->emplace_back(content_of(of.durable));
    for (std::size_t at = 0; at < page_bytes; at += sector_bytes) {
        const std::uint64_t which = random.below(of.since.size() + 1);
        if (which != 0) {
            std::memcpy(mix.data() + at, content_of(of.since[which - 1]).data() + at, sector_bytes);
        }
    }
    return &mix;
}

void medium::survive(image& made, survival how, random_source& random) {
    const std::uint64_t share = random.chance(1, 4) ? 16 : random.between(1, 15); // how likely a page is new
    const std::size_t one = unsettled_.empty() ? 0 : unsettled_[random.below(unsettled_.size())];
    for (const std::size_t index : unsettled_) {
        if (index >= made.pages.size()) {
            continue;
        }
        const page_history& of = places_[index];
        const bool in_heap = index >= places::front;
        if (how == survival::present || (how == survival::heap && in_heap) ||
            (how == survival::header && !in_heap) || (how == survival::only_one && index == one) ||
            (how == survival::all_but_one && index != one)) {
            made.pages[index] = of.present();
        } else if (how == survival::page && random.below(16) < share) {
            made.pages[index] = of.since[random.below(of.since.size())];
        } else if (how == survival::sector && random.below(16) < share) {
            made.pages[index] = mixed(of, made, random);
        }
    }
}

image medium::cut(survival how, random_source& random) {
    look();
    const std::uint64_t present_bytes = file_bytes();
    const std::uint64_t more = (present_bytes - std::min(durable_bytes_, present_bytes)) / page_bytes;
    image made{durable_bytes_ + page_bytes * random.below(more + 1), device_, inode_, {}, nullptr};
    made.file_bytes = how == survival::present || random.chance(1, 2) ? present_bytes : made.file_bytes;
    made.own = std::make_shared<std::deque<page_content>>();
    made.pages.resize(places::up_to(made.file_bytes));
    for (std::size_t index = 0; index < made.pages.size(); ++index) {
        made.pages[index] = places_[index].durable;
    }
    survive(made, how, random);
    return made;
}

bool medium::copy(image& to, std::size_t pages) const {
    if (to.own == nullptr) {
        to = {0, device_, inode_, {}, std::make_shared<std::deque<page_content>>()};
    }
    to.file_bytes = file_bytes();
    const std::size_t end = places::up_to(to.file_bytes);
    for (; pages > 0 && to.pages.size() < end; --pages) {
        page_content& copied = to.own->emplace_back();
        std::memcpy(copied.data(), bytes_at(to.pages.size()), page_bytes);
        to.pages.push_back(&copied);
    }
    return to.pages.size() == end;
}

} // namespace holdfast::crash
