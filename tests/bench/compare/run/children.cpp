// How children are started, kept in step and listened to.
#include "run/children.hpp"

#include <cstdio>
#include <fcntl.h>
#include <spawn.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace compare {

namespace {

/// A running child and the pipes to it.
class child {
public:
    explicit child(std::vector<std::string> words) {
        int in[2];
        int out[2];
        require(::pipe2(in, O_CLOEXEC) == 0 && ::pipe2(out, O_CLOEXEC) == 0, "can't make a pipe");
        std::vector<char*> arguments;
        for (std::string& each : words) {
            arguments.push_back(each.data());
        }
        arguments.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
        const int status =
            ::posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, arguments.data(), environ);
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(in[0]);
        ::close(out[1]);
        to_ = in[1];
        from_ = ::fdopen(out[0], "r");
        require(status == 0 && from_ != nullptr, "can't start a child");
    }
    ~child() {
        ::close(to_);
        std::fclose(from_);
        if (pid_ > 0) {
            ::waitpid(pid_, nullptr, 0);
        }
    }
    child(const child&) = delete;
    child& operator=(const child&) = delete;

    [[nodiscard]] std::string line() {
        char text[512];
        require(std::fgets(text, sizeof text, from_) != nullptr, "a child ended too soon");
        return text;
    }
    void go() { require(::write(to_, "\n", 1) == 1, "a child does not listen"); }
    void expect_success() {
        int status = 0;
        const pid_t ended = ::waitpid(pid_, &status, 0);
        require(ended == pid_ && WIFEXITED(status) && WEXITSTATUS(status) == 0, "a child failed");
        pid_ = -1;
    }

private:
    pid_t pid_ = -1;
    int to_ = -1;
    std::FILE* from_ = nullptr;
};

[[nodiscard]] std::vector<std::string> words_for(const bench& with, const std::string& role,
                                                 std::uint64_t number) {
    return {"holdfast_bench_compare",
            "--role",
            role,
            "--stores",
            with.on.of().name(),
            "--folder",
            with.on.folder().string(),
            "--entries",
            std::to_string(with.on.keys().entries()),
            "--sizes",
            std::to_string(with.on.value_bytes()),
            "--keys",
            std::string(name_of(with.on.keys().kind())),
            "--seconds",
            std::to_string(with.given.seconds),
            "--seed",
            std::to_string(with.seed * 64 + number)};
}

} // namespace

measurement run_children(const bench& with, const std::string& role, std::size_t count) {
    std::vector<std::unique_ptr<child>> children;
    for (std::size_t i = 0; i < count; ++i) {
        children.push_back(std::make_unique<child>(words_for(with, role, i)));
    }
    for (const auto& each : children) {
        require(each->line() == "ready\n", "a child is not ready");
    }
    const steady::time_point begin = steady::now();
    for (const auto& each : children) {
        each->go();
    }
    double operations = 0;
    for (const auto& each : children) {
        operations += std::stod(each->line());
    }
    const double nanoseconds = nanoseconds_since(begin);
    for (const auto& each : children) {
        each->expect_success();
    }
    return {"", nanoseconds / operations};
}

opened_and_read run_opener(const bench& with, bool reads_on) {
    child one(words_for(with, reads_on ? "read" : "open", 0));
    require(one.line() == "ready\n", "a child is not ready");
    one.go();
    std::istringstream figures(one.line());
    one.expect_success();
    opened_and_read result;
    require(static_cast<bool>(figures >> result.open_ns >> result.close_ns >> result.own_bytes >>
                              result.file_bytes),
            "a child said something else");
    return result;
}

} // namespace compare
