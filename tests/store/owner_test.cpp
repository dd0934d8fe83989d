// Whose a new file is, and who may open it.
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <stdexcept>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "os/failpoint.hpp"
#include "support/child.hpp"
#include "support/temporary_store.hpp"

namespace holdfast::test {
namespace {

constexpr std::uint32_t shared_group = 54'321;

class owner_test : public ::testing::Test {
protected:
    void SetUp() override { umask_ = ::umask(022); }
    void TearDown() override {
        ::umask(umask_);
        arm_failpoints("");
    }

    [[nodiscard]] struct stat status() const {
        struct stat found {};
        EXPECT_EQ(::stat(place_.path().c_str(), &found), 0);
        return found;
    }
    [[nodiscard]] unsigned permissions() const { return status().st_mode & 07777U; }
    [[nodiscard]] holdfast::store open(const open_options& options) const {
        return store::open(place_.path(), options);
    }

    temporary_store place_;
    mode_t umask_ = 0;
};

TEST_F(owner_test, of_a_new_file_is_the_only_one_to_read_and_write_unless_told_otherwise) {
    const holdfast::store made = place_.open();
    EXPECT_EQ(permissions(), 0600U);
    EXPECT_EQ(status().st_uid, ::geteuid());
}

TEST_F(owner_test, gives_a_new_file_the_permissions_asked_for_whatever_the_umask) {
    ::umask(077);
    const holdfast::store made = open({.permissions = 0664});
    EXPECT_EQ(permissions(), 0664U);
    expect_sound(made);
}

TEST_F(owner_test, gives_them_also_where_files_cannot_be_made_without_a_name) {
    arm_failpoints("os.create_unnamed=fail:EOPNOTSUPP");
    ::umask(077);
    const holdfast::store made = open({.permissions = 0660, .group = ::getegid()});
    EXPECT_EQ(permissions(), 0660U);
}

TEST_F(owner_test, leaves_a_file_that_is_there_as_it_is) {
    { const holdfast::store made = place_.open(); }
    const holdfast::store opened = open({.permissions = 0666});
    EXPECT_EQ(permissions(), 0600U);
}

TEST_F(owner_test, refuses_permissions_that_shut_the_owner_out_or_are_none) {
    for (const std::uint32_t bits : {0U, 0400U, 0066U, 04660U, 010'600U}) {
        expect_failure(errc::invalid_argument, [&] { static_cast<void>(open({.permissions = bits})); });
    }
    expect_failure(errc::invalid_argument, [&] { static_cast<void>(open({.group = UINT32_MAX})); });
    EXPECT_FALSE(std::filesystem::exists(place_.path()));
}

// --- Several users; only root can be them -----------------------------------------------------------------

class owners_test : public owner_test {
protected:
    void SetUp() override {
        owner_test::SetUp();
        if (::geteuid() != 0) {
            GTEST_SKIP() << "needs root";
        }
        std::filesystem::permissions(place_.folder(), std::filesystem::perms::all);
    }

    /// Calls `work` as that user, of that group and no other.
    template <class Work>
    [[nodiscard]] static child_end as_user(uid_t user, gid_t group, Work&& work) {
        return run_child([&] {
            if (::setgroups(0, nullptr) != 0 || ::setgid(group) != 0 || ::setuid(user) != 0) {
                throw std::runtime_error("can't become another user");
            }
            work();
            if (HasFailure()) {
                throw std::runtime_error("see above");
            }
        });
    }
};

TEST_F(owners_test, of_a_group_share_a_store) {
    const auto put = [&](const char* key) {
        return [this, key] {
            holdfast::store shared = open({.permissions = 0660, .group = shared_group});
            shared.put(key, "value");
            EXPECT_TRUE(shared.contains("first"));
            shared.close();
        };
    };
    EXPECT_EQ(as_user(60'001, shared_group, put("first")), child_end::finished);
    EXPECT_EQ(permissions(), 0660U);
    EXPECT_EQ(status().st_gid, shared_group);
    EXPECT_EQ(as_user(60'002, shared_group, put("second")), child_end::finished);
    EXPECT_EQ(as_user(60'003, 60'003,
                      [&] { expect_failure(errc::permission, [&] { static_cast<void>(place_.open()); }); }),
              child_end::finished);
    const holdfast::store all = place_.open();
    EXPECT_TRUE(all.contains("second"));
    expect_sound(all);
}

// The other user's process may not be signalled or looked at, and its death is noticed all the same.
TEST_F(owners_test, of_a_group_recover_each_others_transactions) {
    holdfast::store mine = open({.permissions = 0660, .group = shared_group});
    EXPECT_EQ(as_user(60'001, shared_group,
                      [&] {
                          holdfast::store theirs = place_.open();
                          arm_failpoints("segment.writer.release=kill@1");
                          theirs.put("theirs", "value");
                      }),
              child_end::killed);
    EXPECT_EQ(as_user(60'002, shared_group,
                      [&] {
                          holdfast::store others = place_.open();
                          others.put("others", "value");
                      }),
              child_end::finished);
    mine.put("mine", "value");
    EXPECT_TRUE(mine.contains("others"));
    expect_sound(mine);
}

TEST_F(owners_test, must_be_members_of_the_group_that_they_name) {
    EXPECT_EQ(as_user(60'001, 60'001,
                      [&] {
                          expect_failure(errc::permission,
                                         [&] { static_cast<void>(open({.group = shared_group})); });
                      }),
              child_end::finished);
    EXPECT_FALSE(std::filesystem::exists(place_.path()));
}

} // namespace
} // namespace holdfast::test
