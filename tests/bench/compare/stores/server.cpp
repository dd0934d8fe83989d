// How a server is started, waited for and ended. To be used by the main thread: the kernel kills what a thread started
// when that thread ends.
#include "stores/server.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sstream>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "stores/store.hpp"

namespace compare {

namespace {

constexpr std::chrono::milliseconds nap{2};
constexpr int naps_max = 5000;

/// Only what is safe between fork and exec.
[[noreturn]] void become(char* const* words) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int nowhere = ::open("/dev/null", O_RDWR);
    if (nowhere >= 0) {
        ::dup2(nowhere, STDIN_FILENO);
        ::dup2(nowhere, STDOUT_FILENO);
        ::dup2(nowhere, STDERR_FILENO);
    }
    ::execvp(words[0], words);
    ::_exit(127);
}

} // namespace

server::server(const std::vector<std::string>& command, const std::function<bool()>& answers) {
    std::vector<char*> words;
    for (const std::string& each : command) {
        words.push_back(const_cast<char*>(each.c_str()));
    }
    words.push_back(nullptr);
    pid_ = ::fork();
    require(pid_ >= 0, "can't start " + command.front());
    if (pid_ == 0) {
        become(words.data());
    }
    for (int i = 0; !answers(); ++i) {
        int status = 0;
        const bool ended = ::waitpid(pid_, &status, WNOHANG) == pid_;
        if (ended || i == naps_max) {
            if (!ended) {
                ::kill(pid_, SIGKILL);
                ::waitpid(pid_, &status, 0);
            }
            throw std::runtime_error(command.front() + (ended ? " ended at once" : " does not answer"));
        }
        std::this_thread::sleep_for(nap);
    }
}

server::~server() {
    ::kill(pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
}

bool is_installed(const std::string& program) {
    const char* path = std::getenv("PATH");
    std::istringstream folders(path != nullptr ? path : "");
    for (std::string folder; std::getline(folders, folder, ':');) {
        if (::access((folder + "/" + program).c_str(), X_OK) == 0) {
            return true;
        }
    }
    return false;
}

std::string version_of(const std::string& program) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> from(
        ::popen((program + " --version").c_str(), "re"), ::pclose);
    char line[256] = "";
    if (from == nullptr || std::fgets(line, sizeof line, from.get()) == nullptr) {
        return {};
    }
    const std::string_view text = line;
    const std::size_t point = text.find('.');
    const std::size_t before = text.find_last_not_of("0123456789", point == 0 ? 0 : point - 1);
    const std::size_t begin = before == text.npos ? 0 : before + 1;
    return point == text.npos
               ? ""
               : std::string(text.substr(begin, text.find_first_not_of("0123456789.", begin) - begin));
}

int connect_to(const std::filesystem::path& socket) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    require(socket.string().size() < sizeof address.sun_path, socket.string() + " is too long for a socket");
    std::strcpy(address.sun_path, socket.c_str());
    const int to = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(to >= 0, "can't make a socket");
    if (::connect(to, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(to);
        return -1;
    }
    return to;
}

std::shared_ptr<void> served_folders::add(const std::filesystem::path& folder, std::shared_ptr<server> one) {
    (*pids_)[folder] = one->pid();
    return {one.get(), [pids = pids_, one, folder](void*) mutable {
                pids->erase(folder);
                one.reset();
            }};
}

int served_folders::pid(const std::filesystem::path& folder) const {
    const auto found = pids_->find(folder);
    return found != pids_->end() ? found->second : 0;
}

} // namespace compare
