// SPDX-License-Identifier: Apache-2.0
#include "gateway/cli/credentials.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/temporary_dir.h"

namespace gatehouse::cli {
namespace {

namespace fs = std::filesystem;

class CredentialFileTest : public ::testing::Test {
  protected:
    std::string directory() const { return home_ + "/a/gatehouse"; }
    static unsigned mode_of(const std::string& path) {
        struct stat state{};
        return ::stat(path.c_str(), &state) == 0 ? state.st_mode & 0777U : 0;
    }

    testing::TemporaryDir scratch_;
    const std::string& home_ = scratch_.path();
};

Credential sample() {
    return {.access_token = "access",
            .refresh_token = "refresh",
            .token_endpoint = "https://g/oauth/token",
            .revocation_endpoint = "https://g/oauth/revoke",
            .issued_at = from_unix_seconds(1'800'000'000),
            .expires_at = from_unix_seconds(1'800'003'600)};
}

TEST_F(CredentialFileTest, GivesBackWhatWasSaved) {
    const CredentialFile file(directory());

    ASSERT_TRUE(file.save({{"https://g", sample()}, {"https://h", {}}}));
    const auto loaded = file.load();

    ASSERT_TRUE(loaded) << loaded.error().message;
    ASSERT_EQ(loaded->size(), 2U);
    const Credential& credential = loaded->at("https://g");
    EXPECT_EQ(credential.access_token, "access");
    EXPECT_EQ(credential.refresh_token, "refresh");
    EXPECT_EQ(credential.token_endpoint, "https://g/oauth/token");
    EXPECT_EQ(credential.revocation_endpoint, "https://g/oauth/revoke");
    EXPECT_EQ(credential.issued_at, sample().issued_at);
    EXPECT_EQ(credential.expires_at, sample().expires_at);
}

TEST_F(CredentialFileTest, IsReadableByItsOwnerAlone) {
    const CredentialFile file(directory());

    ASSERT_TRUE(file.save({{"https://g", sample()}}));

    EXPECT_EQ(mode_of(directory()), 0700U);
    EXPECT_EQ(mode_of(file.path()), 0600U);
}

TEST_F(CredentialFileTest, LeavesNothingBesideItselfWhenItIsReplaced) {
    const CredentialFile file(directory());

    ASSERT_TRUE(file.save({{"https://g", sample()}}));
    ASSERT_TRUE(file.save({}));

    EXPECT_EQ(std::distance(fs::directory_iterator(directory()), fs::directory_iterator{}), 1);
    EXPECT_TRUE(file.load()->empty());
}

TEST_F(CredentialFileTest, MeansNobodyIsSignedInWhenItIsNotThere) {
    const auto loaded = CredentialFile(directory()).load();

    ASSERT_TRUE(loaded);
    EXPECT_TRUE(loaded->empty());
}

TEST_F(CredentialFileTest, IsRefusedWhenOthersCanReadIt) {
    const CredentialFile file(directory());
    ASSERT_TRUE(file.save({}));
    ASSERT_EQ(::chmod(file.path().c_str(), 0640), 0);

    const auto loaded = file.load();

    ASSERT_FALSE(loaded);
    EXPECT_NE(loaded.error().message.find("chmod 600"), std::string::npos);
}

TEST_F(CredentialFileTest, IsRefusedWhenDamaged) {
    const CredentialFile file(directory());
    ASSERT_TRUE(file.save({}));
    std::ofstream(file.path()) << "{\"gateways\":[";

    const auto loaded = file.load();

    ASSERT_FALSE(loaded);
    EXPECT_NE(loaded.error().message.find("damaged"), std::string::npos);
}

TEST_F(CredentialFileTest, SaysWhereItCannotBeWritten) {
    std::ofstream(home_ + "/a") << "a file in the way";

    const auto saved = CredentialFile(directory()).save({});

    ASSERT_FALSE(saved);
    EXPECT_NE(saved.error().message.find(directory()), std::string::npos);
}

TEST_F(CredentialFileTest, LetsOneHoldTheLockAtATime) {
    const CredentialFile file(directory());
    {
        const auto first = file.try_lock();
        const auto second = file.try_lock();
        ASSERT_TRUE(first);
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().fault, Fault::conflict);
    }
    EXPECT_TRUE(file.try_lock());
}

TEST_F(CredentialFileTest, LivesBelowTheConfigurationDirectoryOfTheUser) {
    ::setenv("XDG_CONFIG_HOME", (home_ + "/xdg").c_str(), 1);
    const auto configured = CredentialFile::in_home();
    ::setenv("XDG_CONFIG_HOME", "relative", 1);
    ::setenv("HOME", home_.c_str(), 1);
    const auto plain = CredentialFile::in_home();
    ::unsetenv("HOME");
    const auto homeless = CredentialFile::in_home();

    ASSERT_TRUE(configured && plain);
    EXPECT_EQ(configured->path(), home_ + "/xdg/gatehouse/credentials.json");
    EXPECT_EQ(plain->path(), home_ + "/.config/gatehouse/credentials.json");
    EXPECT_FALSE(homeless);
}

}  // namespace
}  // namespace gatehouse::cli
