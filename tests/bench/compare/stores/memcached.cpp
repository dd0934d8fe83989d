// memcached, over a unix socket, by its text protocol: no library needed.
#include <sys/socket.h>
#include <unistd.h>

#include "stores/registry.hpp"
#include "stores/server.hpp"

namespace compare {

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;
/// Of a batch: what is sent before answers are read. With much more, server and client wait for each other.
constexpr std::size_t portion_bytes = 65536;

[[nodiscard]] std::filesystem::path socket_in(const std::filesystem::path& folder) {
    return folder / "memcached.sock";
}

/// Sends requests and reads answers by lines and by lengths.
class connection {
public:
    explicit connection(const std::filesystem::path& folder) : to_(connect_to(socket_in(folder))) {
        require(to_ >= 0, "memcached: can't connect");
    }
    ~connection() { ::close(to_); }
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(to_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            require(sent > 0, "memcached: can't send");
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    /// Without its end; valid until the next call.
    [[nodiscard]] std::string_view line() {
        std::size_t end = 0;
        while ((end = buffer_.find("\r\n", begin_)) == buffer_.npos) {
            receive();
        }
        const std::string_view result = std::string_view(buffer_).substr(begin_, end - begin_);
        begin_ = end + 2;
        return result;
    }
    [[nodiscard]] std::string_view block(std::size_t size) {
        while (buffer_.size() - begin_ < size + 2) {
            receive();
        }
        const std::string_view result = std::string_view(buffer_).substr(begin_, size);
        begin_ += size + 2;
        return result;
    }

private:
    void receive() {
        buffer_.erase(0, begin_);
        begin_ = 0;
        const std::size_t before = buffer_.size();
        buffer_.resize(before + 65536);
        const ssize_t received = ::recv(to_, buffer_.data() + before, buffer_.size() - before, 0);
        require(received > 0, "memcached: no answer");
        buffer_.resize(before + static_cast<std::size_t>(received));
    }
    int to_;
    std::string buffer_;
    std::size_t begin_ = 0;
};

class memcached_session final : public session {
public:
    explicit memcached_session(const std::filesystem::path& folder) : to_(folder) {}

    void get(std::string_view key, std::size_t position, value_check& check) override {
        get_from({&key, 1}, position, check);
    }
    void get_many(std::span<const std::string_view> keys, value_check& check) override {
        get_from(keys, 0, check);
    }
    void get_in_one(std::span<const std::string_view> keys, value_check& check) override {
        get_from(keys, 0, check);
    }
    void put(std::string_view key, std::string_view value) override {
        request_.clear();
        add_set(key, value);
        to_.send(request_);
        expect("STORED");
    }
    void put_batch(std::span<const key_value> batch) override {
        std::size_t answered = 0;
        for (std::size_t i = 0; i < batch.size();) {
            request_.clear();
            do {
                add_set(batch[i].key, batch[i].value);
                ++i;
            } while (i < batch.size() && request_.size() < portion_bytes);
            to_.send(request_);
            for (; answered < i; ++answered) {
                expect("STORED");
            }
        }
    }
    void erase(std::string_view key) override {
        to_.send(request_.assign("delete ").append(key).append("\r\n"));
        expect("DELETED");
    }

private:
    void add_set(std::string_view key, std::string_view value) {
        request_.append("set ")
            .append(key)
            .append(" 0 0 ")
            .append(std::to_string(value.size()))
            .append("\r\n");
        request_.append(value).append("\r\n");
    }
    /// Those found answer in the order of the request.
    void get_from(std::span<const std::string_view> keys, std::size_t position, value_check& check) {
        request_.assign("get");
        for (const std::string_view key : keys) {
            request_.append(" ").append(key);
        }
        to_.send(request_.append("\r\n"));
        std::size_t at = 0;
        for (std::string_view line = to_.line(); line != "END"; line = to_.line()) {
            require(line.starts_with("VALUE "), "memcached: " + std::string(line));
            line.remove_prefix(6);
            while (at < keys.size() && line.substr(0, line.find(' ')) != keys[at]) {
                ++at;
            }
            require(at < keys.size(), "memcached: a key that nobody asked for");
            const std::size_t size = std::stoul(std::string(line.substr(line.rfind(' ') + 1)));
            check.take(position + at++, to_.block(size));
        }
    }
    void expect(std::string_view answer) {
        const std::string_view line = to_.line();
        require(line == answer, "memcached: " + std::string(line));
    }
    connection to_;
    std::string request_;
};

class memcached_store final : public store {
public:
    explicit memcached_store(const std::filesystem::path& folder) : folder_(folder) {}
    [[nodiscard]] std::unique_ptr<session> start_session() override {
        return std::make_unique<memcached_session>(folder_);
    }

private:
    std::filesystem::path folder_;
};

class memcached_driver final : public driver {
public:
    [[nodiscard]] std::string name() const override { return "memcached"; }
    [[nodiscard]] std::string version() const override { return version_of("memcached"); }
    [[nodiscard]] abilities can() const override {
        return {.processes = true, .readers = true, .server = true};
    }
    [[nodiscard]] std::optional<write_mode> mode(bool durable) const override {
        return durable ? std::nullopt
                       : std::optional(write_mode{
                             survives::nothing,
                             "memory of a server; a client's kill is survived; batches not atomic"});
    }
    [[nodiscard]] std::string missing() const override {
        return is_installed("memcached") ? "" : "no memcached in the PATH (Debian: memcached)";
    }
    [[nodiscard]] std::shared_ptr<void> serve(const std::filesystem::path& folder,
                                              const extent& size) const override {
        const std::size_t room = size.entries * (size.entry_bytes() + 128) * 2 / mebibyte + 64;
        std::vector<std::string> command = {
            "memcached", "-s", socket_in(folder).string(), "-m", std::to_string(room), "-I", "4m"};
        if (::geteuid() == 0) {
            command.insert(command.end(), {"-u", "root"});
        }
        const auto answers = [&] {
            const int to = connect_to(socket_in(folder));
            return to >= 0 && ::close(to) == 0;
        };
        return served_.add(folder, std::make_shared<server>(command, answers));
    }
    [[nodiscard]] int server_of(const std::filesystem::path& folder) const override {
        return served_.pid(folder);
    }
    [[nodiscard]] std::unique_ptr<store> open(const std::filesystem::path& folder, const extent&,
                                              access) const override {
        return std::make_unique<memcached_store>(folder);
    }

private:
    mutable served_folders served_;
};

} // namespace

void add_memcached(drivers& all) { all.push_back(std::make_unique<memcached_driver>()); }

} // namespace compare
