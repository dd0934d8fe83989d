// The workers, and what they found.
#include "cut_run.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <stdexcept>
#include <thread>

#include "cut_scene.hpp"
#include "model.hpp"
#include "os/failpoint.hpp"
#include "process.hpp"

namespace holdfast::crash {

namespace {

/// One store from its beginning to its end.
void play(cut_worker& worker, std::uint64_t seed) {
    random_source random(seed);
    std::filesystem::remove(worker.recorded());
    if (!random.chance(1, 8)) { // else the scene makes it
        store::open(worker.recorded(), cut_options()).close();
    }
    cut_scene scene(worker, worker.recorded(), random.next(), {cut_digest{}}, 0);
    scene.run(random.between(10, 120), 0);
}

int be_worker(const cut_settings& settings, cut_board& board, const std::filesystem::path& folder,
              unsigned number) {
    ::signal(SIGPIPE, SIG_IGN);
    std::filesystem::create_directory(folder);
    cut_worker worker(settings, board, folder, number);
    while (!worker.is_enough()) {
        const std::uint64_t scene = settings.first_scene + board.next_scene++;
        try {
            play(worker, mix(settings.seed + mix(scene)));
        } catch (const std::exception& problem) {
            board.failure.set("scene " + std::to_string(scene) + ": " + problem.what());
            board.stop = true;
        }
    }
    return 0;
}

void collect(cut_result& result, cut_board& board, std::vector<child>& workers) {
    for (std::size_t i = 0; i < workers.size(); ++i) {
        const ending end = workers[i].wait(std::chrono::hours(240)).value_or(ending{});
        if (!end.good()) {
            board.failure.set("a process " + end.describe() + ", with an image " +
                              board.desks[i].doing.data());
            board.stop = true;
        }
        result.counts.add(board.desks[i].counts);
    }
    result.failure = board.failure.text();
}

} // namespace

cut_result run_cuts(const cut_settings& settings) {
    const auto begun = std::chrono::steady_clock::now();
    std::string folder = (settings.folder / "holdfast-cuts-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) {
        throw std::runtime_error("can't make a folder in " + settings.folder.string());
    }
    const unsigned wanted = settings.workers != 0 ? settings.workers : std::thread::hardware_concurrency();
    const shared<cut_board> board;
    std::vector<child> workers;
    for (unsigned i = 0; i < std::clamp(wanted, 1U, cut_workers_max); ++i) {
        workers.push_back(
            child::start([&] { return be_worker(settings, *board, folder + "/" + std::to_string(i), i); },
                         [&](const std::string& what) { board->failure.set(what); }));
    }
    cut_result result;
    collect(result, *board, workers);
    result.scenes = board->next_scene;
    if (result.failure.empty() || !settings.without.empty()) {
        std::filesystem::remove_all(folder);
    } else {
        result.failure += " (the files are in " + folder + ")";
    }
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    return result;
}

} // namespace holdfast::crash
