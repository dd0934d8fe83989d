// What the processes of one lane tell each other, in memory that survives them.
//
// Thread and process safety: atomics; each word has one writer at a time.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "model.hpp"

namespace holdfast::crash {

/// A text that one process leaves for another; the first one to write it wins.
template <std::size_t Size>
class note {
public:
    void set(std::string_view text) noexcept {
        std::uint32_t expected = empty;
        if (state_.compare_exchange_strong(expected, writing)) {
            const std::size_t count = std::min(text.size(), Size - 1);
            std::memcpy(text_.data(), text.data(), count);
            text_[count] = '\0';
            state_.store(written);
        }
    }
    [[nodiscard]] bool is_set() const noexcept { return state_.load() == written; }
    [[nodiscard]] std::string text() const { return is_set() ? std::string(text_.data()) : std::string(); }
    void clear() noexcept { state_.store(empty); }

private:
    static constexpr std::uint32_t empty = 0;
    static constexpr std::uint32_t writing = 1;
    static constexpr std::uint32_t written = 2;
    std::atomic<std::uint32_t> state_{empty};
    std::array<char, Size> text_{};
};

/// One victim's word of honour: the intent before each commit, the acknowledgement after it.
struct alignas(64) acknowledgement {
    std::atomic<std::uint64_t> begun{0}; ///< the number of the last transaction whose commit was asked for
    std::atomic<std::uint64_t> acked{0}; ///< of the last one whose commit returned
    std::atomic<std::uint64_t> steps{0}; ///< whatever the victim does, so that progress can be seen
    std::atomic<bool> opened{false};     ///< its first open returned
};

struct board {
    std::array<acknowledgement, writers_max> victims;
    alignas(64) std::atomic<bool> stop{false}; ///< victims end in good order
    std::atomic<bool> reader_stop{false};
    std::atomic<bool> reader_hurry{false};               ///< somebody waits for its next snapshots
    alignas(64) std::atomic<std::uint64_t> snapshots{0}; ///< that the reader has taken and verified
    alignas(64)
        std::array<std::atomic<std::uint64_t>, writers_max> found{}; ///< by the verifier: transactions done
    std::atomic<std::uint64_t> recoveries{0};                        ///< as the store counts them
    std::atomic<std::uint64_t> file_bytes{0};
    note<1024> failure; ///< what went wrong first
    note<16384> passed; ///< failpoints that a process passed
};

} // namespace holdfast::crash
