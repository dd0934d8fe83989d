// Reading, writing and forging files of stores.
#include "support/forged_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "format/checked_word.hpp"
#include "format/commit.hpp"
#include "format/control.hpp"
#include "format/geometry.hpp"
#include "format/heap.hpp"
#include "format/superblock.hpp"

#include "base/checksum.hpp"

namespace holdfast::test {

// --- Images -----------------------------------------------------------------------------------------------

file_image file_image::of(const std::filesystem::path& path) {
    file_image made;
    made.size_ = std::filesystem::file_size(path);
    std::ifstream file(path, std::ios::binary);
    std::vector<std::byte> bytes(page_bytes);
    for (std::uint64_t offset = 0; offset < made.size_; offset += page_bytes) {
        std::fill(bytes.begin(), bytes.end(), std::byte{0});
        file.read(reinterpret_cast<char*>(bytes.data()), page_bytes);
        if (std::any_of(bytes.begin(), bytes.end(), [](std::byte byte) { return byte != std::byte{0}; })) {
            made.pages_.push_back({offset, bytes});
        }
    }
    return made;
}

void file_image::write_to(const std::filesystem::path& path) const {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    bool good = file >= 0 && ::ftruncate(file, 0) == 0 && ::ftruncate(file, static_cast<off_t>(size_)) == 0;
    for (const page& one : pages_) {
        if (one.offset >= size_) {
            break;
        }
        const std::size_t bytes = std::min<std::uint64_t>(page_bytes, size_ - one.offset);
        good = good && ::pwrite(file, one.bytes.data(), bytes, static_cast<off_t>(one.offset)) ==
                           static_cast<ssize_t>(bytes);
    }
    if (file >= 0) {
        ::close(file);
    }
    if (!good) {
        throw std::runtime_error("can't write " + path.string());
    }
}

void file_image::resize(std::uint64_t size) {
    size_ = size;
    std::erase_if(pages_, [&](const page& one) { return one.offset >= size; });
}

std::vector<std::uint64_t> file_image::pages() const {
    std::vector<std::uint64_t> offsets;
    for (const page& one : pages_) {
        offsets.push_back(one.offset);
    }
    return offsets;
}

file_image::page& file_image::page_at(std::uint64_t offset) {
    const std::uint64_t aligned = offset - offset % page_bytes;
    auto at = std::lower_bound(pages_.begin(), pages_.end(), aligned,
                               [](const page& one, std::uint64_t sought) { return one.offset < sought; });
    if (at == pages_.end() || at->offset != aligned) {
        at = pages_.insert(at, page{aligned, std::vector<std::byte>(page_bytes)});
    }
    return *at;
}

void file_image::copy_out(std::uint64_t offset, std::byte* to, std::size_t size) const {
    for (std::size_t i = 0; i < size; ++i) {
        const std::uint64_t at = offset + i;
        const std::uint64_t aligned = at - at % page_bytes;
        const auto found =
            std::lower_bound(pages_.begin(), pages_.end(), aligned,
                             [](const page& one, std::uint64_t sought) { return one.offset < sought; });
        to[i] =
            found != pages_.end() && found->offset == aligned ? found->bytes[at % page_bytes] : std::byte{0};
    }
}

void file_image::copy_in(std::uint64_t offset, const std::byte* from, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
        page_at(offset + i).bytes[(offset + i) % page_bytes] = from[i];
    }
}

// --- Forging ----------------------------------------------------------------------------------------------

namespace {

struct area {
    const char* name;
    std::uint64_t begin;
    std::uint64_t bytes;
};

/// Where a few bytes decide much.
constexpr std::array<area, 12> areas = {{
    {"superblock", format::superblock_offset, sizeof(format::superblock)},
    {"copy of the superblock", format::superblock_copy_offset, sizeof(format::superblock)},
    {"heap header", format::heap_header_offset, sizeof(format::heap_header)},
    {"heads", format::heads_offset, sizeof(format::heads)},
    {"commit slots", format::commit_slots_offset, 4 * sizeof(format::commit_slot)},
    {"directory", format::directory_offset, 64},
    {"undo log", format::undo_log_offset, 4096},
    {"durable slot A", format::durable_slot_a_offset, sizeof(format::durable_slot)},
    {"durable slot B", format::durable_slot_b_offset, sizeof(format::durable_slot)},
    {"control", format::control_offset, sizeof(format::control_header)},
    {"attachments", format::attachments_offset, 1024},
    {"first block table", format::heap_offset, 8192},
}};

class forger {
public:
    forger(file_image& image, std::mt19937_64& random)
        : image_(image), random_(random), pages_(image.pages()) {}

    std::string forge() {
        switch (below(12)) {
        case 0:
        case 1:
        case 2:
            return flip_bits(1);
        case 3:
            return flip_bits(2 + below(6));
        case 4:
        case 5:
        case 6:
            return overwrite_words(1);
        case 7:
            return overwrite_words(2 + below(6));
        case 8:
            return overwrite_number();
        case 9:
            return spoil_page();
        case 10:
            return forge_with_checksum();
        default:
            return change_length();
        }
    }

private:
    [[nodiscard]] std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

    /// A place in an area that decides much, or in any page.
    [[nodiscard]] std::uint64_t place() {
        if (below(2) == 0) {
            const area& chosen = areas[below(areas.size())];
            return chosen.begin + below(chosen.bytes);
        }
        return pages_[below(pages_.size())] + below(file_image::page_bytes);
    }
    [[nodiscard]] std::uint64_t word_place() { return place() & ~std::uint64_t{7}; }

    /// Values that arithmetic and bounds are likely to get wrong, or that are something elsewhere.
    [[nodiscard]] std::uint64_t bad_word() {
        switch (below(10)) {
        case 0:
            return 0;
        case 1:
            return ~std::uint64_t{0};
        case 2:
            return std::uint64_t{1} << below(64);
        case 3:
            return (std::uint64_t{1} << below(64)) - 1;
        case 4:
            return random_();
        case 5:
            return below(4096);
        case 6:
            return image_.size() / 16 - below(64);
        case 7:
            return format::heap_offset / 16 + below(image_.size() / 16 - format::heap_offset / 16);
        case 8:
            return below(image_.size());
        default:
            return image_.read<std::uint64_t>(word_place());
        }
    }

    std::string flip_bits(std::uint64_t count) {
        std::string what = "flipped bits:";
        for (; count != 0; --count) {
            const std::uint64_t at = place();
            const std::uint64_t bit = below(8);
            image_.write(at, static_cast<std::uint8_t>(image_.read<std::uint8_t>(at) ^ 1U << bit));
            what += " " + std::to_string(at) + "." + std::to_string(bit);
        }
        return what;
    }

    std::string overwrite_words(std::uint64_t count) {
        std::string what = "words:";
        for (; count != 0; --count) {
            const std::uint64_t at = word_place();
            const std::uint64_t word = bad_word();
            image_.write(at, word);
            what += " " + std::to_string(at) + "=" + std::to_string(word);
        }
        return what;
    }

    std::string overwrite_number() {
        const std::uint64_t at = place();
        const std::uint64_t number = bad_word();
        switch (below(3)) {
        case 0:
            image_.write(at, static_cast<std::uint8_t>(number));
            break;
        case 1:
            image_.write(at & ~std::uint64_t{1}, static_cast<std::uint16_t>(number));
            break;
        default:
            image_.write(at & ~std::uint64_t{3}, static_cast<std::uint32_t>(number));
            break;
        }
        return "a number at " + std::to_string(at) + ": " + std::to_string(number);
    }

    std::string spoil_page() {
        const std::uint64_t at = pages_[below(pages_.size())];
        const std::uint64_t from = pages_[below(pages_.size())];
        const std::uint64_t how = below(4);
        for (std::uint64_t i = 0; i < file_image::page_bytes; i += 8) {
            const std::uint64_t words[] = {0, ~std::uint64_t{0}, random_(),
                                           image_.read<std::uint64_t>(from + i)};
            image_.write(at + i, words[how]);
        }
        static constexpr const char* names[] = {"zeros", "ones", "noise", "a copy of page "};
        return "page " + std::to_string(at) + " is " + names[how] + (how == 3 ? std::to_string(from) : "");
    }

    /// What guards itself by a checksum gets a right one, as an attacker would give it.
    std::string forge_with_checksum() {
        if (below(4) == 0) {
            return forge_superblock();
        }
        const format::checked_word visible(image_.read<std::uint64_t>(format::heads_offset));
        const std::uint64_t slot_offset =
            format::commit_slots_offset + visible.tag() % format::commit_slots * sizeof(format::commit_slot);
        auto slot = image_.read<format::commit_slot>(slot_offset);
        auto words = reinterpret_cast<std::uint64_t*>(&slot);
        const std::uint64_t field = below(format::used_bytes(slot) / 8);
        words[field] = below(3) == 0 ? words[field] + below(5) - 2 : bad_word();
        slot.checksum = format::checksum_of(slot);
        image_.write(slot_offset, slot);
        const format::checked_word head(txn_id{slot.txn & 0xFFFFFFFFFFFF},
                                        slot.sequence % format::commit_slots);
        for (const std::uint64_t offset :
             {offsetof(format::heads, visible), offsetof(format::heads, applied)}) {
            if (below(2) == 0) {
                image_.write(format::heads_offset + offset, head.raw());
            }
        }
        return "commit slot, word " + std::to_string(field) + "=" + std::to_string(words[field]);
    }

    std::string forge_superblock() {
        const std::uint64_t offset =
            below(2) == 0 ? format::superblock_offset : format::superblock_copy_offset;
        auto block = image_.read<format::superblock>(offset);
        const std::uint64_t at = below(offsetof(format::superblock, checksum) / 4);
        reinterpret_cast<std::uint32_t*>(&block)[at] = static_cast<std::uint32_t>(bad_word());
        block.checksum = checksum64(&block, offsetof(format::superblock, checksum));
        image_.write(offset, block);
        if (below(2) == 0) {
            image_.write(format::superblock_offset, block);
        }
        return "superblock, half word " + std::to_string(at);
    }

    std::string change_length() {
        static constexpr std::uint64_t lengths[] = {0,
                                                    1,
                                                    64,
                                                    192,
                                                    4095,
                                                    4096,
                                                    format::heap_header_offset,
                                                    format::heads_offset + 300,
                                                    format::durable_slot_b_offset,
                                                    format::superblock_copy_offset + 64,
                                                    format::control_offset,
                                                    format::heap_offset - 1,
                                                    format::heap_offset,
                                                    format::heap_offset + 1,
                                                    format::heap_offset + format::block_bytes};
        std::uint64_t length = lengths[below(std::size(lengths))];
        if (below(2) == 0) {
            length = below(2) == 0 ? below(image_.size()) : image_.size() - 1 - below(1 << 16);
        }
        if (below(8) == 0) {
            length = image_.size() + below(1 << 22);
        }
        image_.resize(length);
        return "length " + std::to_string(length);
    }

    file_image& image_;
    std::mt19937_64& random_;
    std::vector<std::uint64_t> pages_;
};

} // namespace

std::string forge(file_image& image, std::mt19937_64& random) { return forger(image, random).forge(); }

} // namespace holdfast::test
