// What the tests of stores that a boot finds unclosed share: how to leave one, and how to boot.
//
// A reboot is pretended by another boot id; what did not reach the medium, by bytes that are put back or spoilt.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "format/commit.hpp"
#include "os/failpoint.hpp"
#include "support/child.hpp"
#include "support/temporary_store.hpp"

namespace holdfast::test {

using contents = std::map<std::string, std::string>;

[[nodiscard]] inline contents contents_of(const snapshot& seen) {
    contents found;
    for (const map_information& map : seen.maps()) {
        for (auto&& [key, value] : seen.map(map.name)) {
            value.verify();
            found.emplace(map.name + "/" + std::string(key), value.text());
        }
    }
    return found;
}
[[nodiscard]] inline contents contents_of(const store& seen) { return contents_of(seen.snapshot()); }

inline open_options without_thread() {
    open_options options;
    options.sync_interval = std::chrono::milliseconds(0);
    return options;
}

class rebooted_store_test : public ::testing::Test {
protected:
    void SetUp() override {
        if (!failpoints_built_in) {
            GTEST_SKIP() << "this build can't pretend a boot";
        }
    }
    void TearDown() override { ::unsetenv("HOLDFAST_TEST_BOOT_ID"); }
    void reboot() { ::setenv("HOLDFAST_TEST_BOOT_ID", ("boot" + std::to_string(++boots_)).c_str(), 1); }

    /// Runs `work` on the store in a process that dies.
    void crash(const std::function<void(store&)>& work) {
        EXPECT_EQ(run_child([&] {
                      store opened = store::open(place_.path(), without_thread());
                      work(opened);
                      ::kill(::getpid(), SIGKILL);
                  }),
                  child_end::killed);
    }
    [[nodiscard]] std::string bytes() const {
        std::ifstream file(place_.path(), std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    void put_back(const std::string& before, std::uint64_t from, std::uint64_t to) const {
        std::fstream file(place_.path(), std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(static_cast<std::streamoff>(from));
        file.write(before.data() + from,
                   static_cast<std::streamsize>(std::min<std::uint64_t>(to, before.size()) - from));
    }
    /// All later pages reached the medium, but for the heads: the durable commit has to be whole beside them.
    void lose_the_heads() const {
        const std::uint64_t none = 0;
        std::fstream file(place_.path(), std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(static_cast<std::streamoff>(format::heads_offset));
        file.write(reinterpret_cast<const char*>(&none), sizeof none);
    }
    [[nodiscard]] store open() const { return store::open(place_.path(), without_thread()); }

    temporary_store place_{folder_in_memory()};
    int boots_ = 0;
};

inline void fill(store& filled, std::uint64_t round) {
    for (std::uint64_t part = 0; part < 4; ++part) {
        filled.update([&](write_transaction& transaction) {
            for (std::uint64_t i = 0; i < 300; ++i) {
                transaction.put(numbered("key", i * 7 % 900), patterned(20 + i % 50, i + round + part));
                transaction.map("users").put(numbered("user", i), patterned(i % 700, i * round));
            }
            transaction.map("users").erase(numbered("user", part * 10 + round));
            transaction.map("large").put(numbered("", part), patterned(40'000 * (part + 1), round));
            transaction.map(numbered("map", round)).put("one", "entry");
        });
    }
}

} // namespace holdfast::test
