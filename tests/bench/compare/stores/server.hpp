// A server that is started for a benchmark, on a unix socket in the store's folder, and ends with it.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace compare {

/// A child process; killed when this is destroyed, and by the kernel if this process dies before.
class server {
public:
    /// Starts a program of the PATH and waits until `answers` says that it is there; throws if it never does.
    server(const std::vector<std::string>& command, const std::function<bool()>& answers);
    ~server();
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

private:
    pid_t pid_ = -1;
};

/// Whether the PATH has an executable of that name.
[[nodiscard]] bool is_installed(const std::string& program);

/// The first number with a point that `PROGRAM --version` prints; "" if there is none.
[[nodiscard]] std::string version_of(const std::string& program);

/// A connection to a unix socket; -1 if nobody listens there.
[[nodiscard]] int connect_to(const std::filesystem::path& socket);

/// The processes of the servers that run, by the folder that they serve.
class served_folders {
public:
    [[nodiscard]] std::shared_ptr<void> add(const std::filesystem::path& folder, std::shared_ptr<server> one);
    [[nodiscard]] int pid(const std::filesystem::path& folder) const;

private:
    std::shared_ptr<std::map<std::filesystem::path, pid_t>> pids_ =
        std::make_shared<std::map<std::filesystem::path, pid_t>>();
};

} // namespace compare
