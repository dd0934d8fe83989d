// Noting signals.
#include "program/interrupt.hpp"

#include <csignal>
#include <cstdlib>
#include <initializer_list>

#include <unistd.h>

namespace holdfast::cli {

namespace {

volatile std::sig_atomic_t noted = 0;

extern "C" void note_signal(int signal) { noted = signal; }

void handle(int signal, void (*handler)(int), int flags) noexcept {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = flags; // without SA_RESTART: a read that waits returns
    ::sigaction(signal, &action, nullptr);
}

bool is_ignored(int signal) noexcept {
    struct sigaction now {};
    return ::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

} // namespace

interrupt_guard::interrupt_guard() noexcept {
    for (const int signal : {SIGINT, SIGTERM}) {
        if (!is_ignored(signal)) { // as by nohup, or in the background of a shell
            handle(signal, note_signal, static_cast<int>(SA_RESETHAND));
        }
    }
}

interrupt_guard::~interrupt_guard() {
    for (const int signal : {SIGINT, SIGTERM}) {
        if (!is_ignored(signal)) {
            handle(signal, SIG_DFL, 0);
        }
    }
}

void stop_if_interrupted() {
    if (noted != 0) {
        throw interrupted{noted};
    }
}

void end_by_signal(int signal) noexcept {
    handle(signal, SIG_DFL, 0);
    static_cast<void>(std::raise(signal));
    ::_exit(EXIT_FAILURE); // it is blocked
}

} // namespace holdfast::cli
