// A worker's surroundings.
#include "cut_worker.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "os/failpoint.hpp"

namespace holdfast::crash {

namespace {

constexpr unsigned image_seconds_max = 60;
constexpr const char* boot_variable = "HOLDFAST_TEST_BOOT_ID";

} // namespace

void cut_counts::add(const cut_counts& other) noexcept {
    for (std::size_t i = 0; i < of.size(); ++i) {
        of[i] += other.of[i];
    }
}

cut_worker::cut_worker(const cut_settings& settings, cut_board& board, std::filesystem::path folder,
                       unsigned number)
    : settings_(&settings),
      board_(&board),
      desk_(&board.desks[number]),
      folder_(std::move(folder)),
      end_(std::chrono::steady_clock::now() +
           std::chrono::milliseconds(static_cast<std::int64_t>(settings.seconds_max * 1000))) {}

image_file& cut_worker::place(unsigned depth) {
    while (places_.size() <= depth) {
        places_.push_back(
            std::make_unique<image_file>(folder_ / ("image-" + std::to_string(places_.size()))));
    }
    return *places_[depth];
}

void cut_worker::begin_image(const std::string& what) {
    ::alarm(image_seconds_max);
    desk_->doing[what.copy(desk_->doing.data(), desk_->doing.size() - 1)] = '\0';
    ++desk_->counts[cut_count::images];
    ++board_->images;
}

bool cut_worker::is_enough() const {
    return board_->stop || board_->images >= settings_->images || std::chrono::steady_clock::now() >= end_;
}

void cut_worker::arm(const std::string& failpoints) const {
    const std::string off = settings_->without.empty() ? "" : settings_->without + "=off";
    arm_failpoints(off + (off.empty() || failpoints.empty() ? "" : ",") + failpoints);
}

pretended_boot::pretended_boot() {
    static std::uint64_t boots = 0;
    const char* const before = std::getenv(boot_variable);
    before_ = before == nullptr ? "" : before;
    ::setenv(boot_variable, ("boot " + std::to_string(++boots)).c_str(), 1);
}

pretended_boot::~pretended_boot() {
    if (before_.empty()) {
        ::unsetenv(boot_variable);
    } else {
        ::setenv(boot_variable, before_.c_str(), 1);
    }
}

open_options cut_options() {
    open_options options;
    options.sync_interval = std::chrono::milliseconds(0); // sync points are steps of the scene
    options.capacity_bytes = watched_bytes_max;
    options.log_bytes = 64 << 10; // the smallest: it goes round soon
    return options;
}

} // namespace holdfast::crash
