// Redis, over a unix socket, by hiredis. Without a file by default; durable with an append-only file that is synced at
// each write.
#include <chrono>
#include <hiredis/hiredis.h>
#include <thread>
#include <unistd.h>

#include "stores/registry.hpp"
#include "stores/server.hpp"

namespace compare {

namespace {

[[nodiscard]] std::filesystem::path socket_in(const std::filesystem::path& folder) {
    return folder / "redis.sock";
}

using reply = std::unique_ptr<redisReply, void (*)(void*)>;
using words = std::span<const std::string_view>;

class connection {
public:
    explicit connection(const std::filesystem::path& folder)
        : to_(redisConnectUnix(socket_in(folder).c_str())) {
        require(to_ != nullptr && to_->err == 0, "redis: can't connect");
    }
    ~connection() { redisFree(to_); }
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    void send(words command) {
        texts_.clear();
        sizes_.clear();
        for (const std::string_view each : command) {
            texts_.push_back(each.data());
            sizes_.push_back(each.size());
        }
        require(redisAppendCommandArgv(to_, static_cast<int>(texts_.size()), texts_.data(), sizes_.data()) ==
                    REDIS_OK,
                "redis: can't send");
    }
    [[nodiscard]] reply receive() {
        void* answer = nullptr;
        require(redisGetReply(to_, &answer) == REDIS_OK && answer != nullptr, "redis: no answer");
        reply result(static_cast<redisReply*>(answer), freeReplyObject);
        if (result->type == REDIS_REPLY_ERROR) {
            throw std::runtime_error(std::string("redis: ") + result->str);
        }
        return result;
    }
    reply ask(std::initializer_list<std::string_view> command) {
        send({command.begin(), command.size()});
        return receive();
    }

private:
    redisContext* to_;
    std::vector<const char*> texts_;
    std::vector<std::size_t> sizes_;
};

void take(const redisReply& answer, std::size_t position, value_check& check) {
    if (answer.type == REDIS_REPLY_STRING) {
        check.take(position, {answer.str, answer.len});
    }
}

class redis_session final : public session {
public:
    explicit redis_session(const std::filesystem::path& folder) : to_(folder) {}

    void get(std::string_view key, std::size_t position, value_check& check) override {
        take(*to_.ask({"GET", key}), position, check);
    }
    void get_in_one(std::span<const std::string_view> keys, value_check& check) override {
        get_many(keys, check);
    }
    void get_many(std::span<const std::string_view> keys, value_check& check) override {
        command_.assign({"MGET"});
        command_.insert(command_.end(), keys.begin(), keys.end());
        to_.send(command_);
        const reply answer = to_.receive();
        require(answer->elements == keys.size(), "redis: MGET answered something else");
        for (std::size_t i = 0; i < keys.size(); ++i) {
            take(*answer->element[i], i, check);
        }
    }
    void put(std::string_view key, std::string_view value) override { to_.ask({"SET", key, value}); }
    void put_batch(std::span<const key_value> batch) override {
        command_.assign({"MSET"});
        for (const key_value& each : batch) {
            command_.push_back(each.key);
            command_.push_back(each.value);
        }
        to_.send(command_);
        static_cast<void>(to_.receive());
    }
    void erase(std::string_view key) override { to_.ask({"DEL", key}); }

private:
    connection to_;
    std::vector<std::string_view> command_;
};

class redis_store final : public store {
public:
    redis_store(const std::filesystem::path& folder, bool durable) : folder_(folder) {
        connection to(folder);
        to.ask({"CONFIG", "SET", "appendfsync", "always"});
        to.ask({"CONFIG", "SET", "appendonly", durable ? "yes" : "no"});
        // Before the first append-only file is written, nothing is durable.
        while (durable && !is_ready(to)) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }
    [[nodiscard]] std::unique_ptr<session> start_session() override {
        return std::make_unique<redis_session>(folder_);
    }

private:
    [[nodiscard]] static bool is_ready(connection& to) {
        const reply answer = to.ask({"INFO", "persistence"});
        const std::string_view text(answer->str, answer->len);
        return text.find("aof_rewrite_in_progress:0") != text.npos &&
               text.find("aof_rewrite_scheduled:0") != text.npos && text.find("aof_enabled:1") != text.npos;
    }
    std::filesystem::path folder_;
};

class redis_driver final : public driver {
public:
    [[nodiscard]] std::string name() const override { return "redis"; }
    [[nodiscard]] std::string version() const override { return version_of("redis-server"); }
    [[nodiscard]] abilities can() const override {
        return {.processes = true, .readers = true, .server = true};
    }
    [[nodiscard]] std::optional<write_mode> mode(bool durable) const override {
        return durable ? write_mode{survives::power_cut, "appendonly, appendfsync always"}
                       : write_mode{survives::nothing, "memory of a server; a client's kill is survived"};
    }
    [[nodiscard]] std::string missing() const override {
        return is_installed("redis-server") ? "" : "no redis-server in the PATH (Debian: redis-server)";
    }
    [[nodiscard]] std::shared_ptr<void> serve(const std::filesystem::path& folder,
                                              const extent&) const override {
        const std::vector<std::string> command = {"redis-server",
                                                  "--port",
                                                  "0",
                                                  "--unixsocket",
                                                  socket_in(folder).string(),
                                                  "--dir",
                                                  folder.string(),
                                                  "--save",
                                                  "",
                                                  "--appendonly",
                                                  "no",
                                                  "--daemonize",
                                                  "no"};
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
                                              access how) const override {
        return std::make_unique<redis_store>(folder, how == access::durable);
    }

private:
    mutable served_folders served_;
};

} // namespace

void add_redis(drivers& all) { all.push_back(std::make_unique<redis_driver>()); }

} // namespace compare
