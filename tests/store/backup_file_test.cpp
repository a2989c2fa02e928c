// SPDX-License-Identifier: Apache-2.0
// The form of a backup: what is written can be read, and nothing that was cut or changed can.
#include "gateway/store/backup_file.h"

#include <gtest/gtest.h>

#include <sstream>

#include "gateway/base/crypto.h"

namespace gatehouse::store {
namespace {

constexpr Instant noon{std::chrono::milliseconds(1'790'000'000'000)};

std::string ended(const std::string& lines, const std::string& counts) {
    return lines + "{" + counts + R"(,"sha256":")" + to_hex(sha256(lines)) + "\"}\n";
}

/// Three keys on four lines.
std::string sample() {
    BackupText text;
    std::string all = text.header({noon, "1.2.3"});
    all += text.line({"gh:{spend}:p", KeyType::hash, std::nullopt, {"ada", "{\"name\":\"Ada Łovelace\"}"}});
    all += text.line({"gh:{spend}:p", KeyType::hash, std::nullopt, {"eve", "{}"}});
    all += text.line(
        {"gh:{spend}:seen:e", KeyType::string, noon + std::chrono::seconds(5), {std::string("\0\xFF\x80", 3)}});
    all += text.line({"gh:{admin}:audit", KeyType::sorted_set, std::nullopt, {"{\"id\":1}", "1"}});
    return all + text.end();
}

struct Read {
    std::vector<BackupLine> lines;
    std::string refusal;
};

Read read(const std::string& text) {
    std::istringstream in(text);
    Read result;
    const auto sound = SoundBackup::check(in);
    if (!sound) {
        EXPECT_EQ(sound.error().reason, Reason::malformed_request);
        result.refusal = sound.error().message;
        return result;
    }
    auto reader = sound->reader();
    for (auto line = reader->next(); line && *line; line = reader->next())
        result.lines.push_back(std::move(**line));
    return result;
}

TEST(BackupFile, GivesBackWhatWasWritten) {
    const Read back = read(sample());

    ASSERT_EQ(back.refusal, "");
    ASSERT_EQ(back.lines.size(), 4);
    EXPECT_EQ(back.lines[0].key, "gh:{spend}:p");
    EXPECT_EQ(back.lines[0].items, (std::vector<std::string>{"ada", "{\"name\":\"Ada Łovelace\"}"}));
    EXPECT_EQ(back.lines[0].expires_at, std::nullopt);
    EXPECT_EQ(back.lines[2].type, KeyType::string);
    EXPECT_EQ(back.lines[2].items.at(0), std::string("\0\xFF\x80", 3));
    EXPECT_EQ(back.lines[2].expires_at, noon + std::chrono::seconds(5));
    EXPECT_EQ(back.lines[3].items, (std::vector<std::string>{"{\"id\":1}", "1"}));
}

TEST(BackupFile, CanBeReadByPeopleWhereItIsText) {
    const std::string text = sample();

    EXPECT_NE(text.find("Ada Łovelace"), std::string::npos);
    EXPECT_TRUE(text.starts_with(R"({"format":"gatehouse-backup","version":1,"created_at":"2026-09-21T)")) << text;
    EXPECT_NE(text.find(R"({"keys":3,"lines":4,"sha256":")"), std::string::npos) << text;
}

TEST(BackupFile, IsRefusedWhenItWasCutAnywhere) {
    const std::string whole = sample();
    for (std::size_t length = 0; length < whole.size(); ++length)
        EXPECT_NE(read(whole.substr(0, length)).refusal, "") << length;
}

TEST(BackupFile, IsRefusedWhenAnyByteOfItChanged) {
    const std::string whole = sample();
    for (std::size_t at = 0; at < whole.size(); ++at) {
        std::string other = whole;
        other[at] = other[at] == '1' ? '2' : '1';
        EXPECT_NE(read(other).refusal, "") << at;
    }
}

TEST(BackupFile, IsRefusedWithTheNumberOfTheLine) {
    std::string text = sample();
    text.replace(text.find("Ada"), 3, "Eva");

    EXPECT_EQ(read(text).refusal,
              "line 6: the SHA-256 is not that of the lines before: the file was changed or damaged");
    EXPECT_EQ(read("[]\n").refusal, "line 1: this is not a backup of Gatehouse");
    EXPECT_EQ(read(sample() + "\n").refusal, "line 7: something follows the end");
}

TEST(BackupFile, OfANewerFormIsRefused) {
    EXPECT_EQ(read("{\"format\":\"gatehouse-backup\",\"version\":2}\n").refusal,
              "line 1: a newer Gatehouse wrote this backup, in a form that this one cannot read");
}

/// A sound SHA-256 is no proof of who wrote the file: it must not reach any other key, whatever it says.
TEST(BackupFile, ReachesNoKeyThatABackupDoesNotHold) {
    BackupText text;
    const std::string header = text.header({noon, "1.2.3"});
    const auto refusal = [&](const std::string& line) {
        return read(ended(header + line + "\n", R"("keys":1,"lines":1)")).refusal;
    };

    EXPECT_EQ(refusal(R"({"key":"gh:{spend}:p","type":"hash","items":["a","b"]})"), "");
    EXPECT_EQ(refusal(R"({"key":"gh:{s:session}","type":"hash","items":["a","b"]})"),
              "line 2: its key is none that a backup holds");
    EXPECT_EQ(refusal(R"({"key":"another application's","type":"string","items":["a"]})"),
              "line 2: its key is none that a backup holds");
    EXPECT_EQ(refusal(R"({"key":"gh:{spend}:p","type":"string","items":["a"]})"),
              "line 2: type must be hash for this key");
    EXPECT_EQ(refusal(R"({"key":"gh:{spend}:p","type":"hash","items":["a"]})"), "line 2: items do not fit its type");
    EXPECT_EQ(refusal(R"({"key":"gh:{spend}:p","type":"hash","items":["a",1]})"), "line 2: items do not fit its type");
    EXPECT_EQ(refusal(R"({"key":"gh:{spend}:p","type":"hash","encoding":"rot13","items":["a","b"]})"),
              "line 2: items do not fit its type");
    EXPECT_EQ(refusal(R"({"key":"gh:{admin}:audit","type":"zset","items":["a","b"]})"),
              "line 2: items do not fit its type");
    EXPECT_EQ(refusal(R"({"key":"gh:{spend}:p","type":"hash","expires_at":"soon","items":["a","b"]})"),
              "line 2: expires_at must be milliseconds since 1970");
}

TEST(BackupFile, IsRefusedWhenItsCountsAreOthers) {
    BackupText text;
    const std::string header = text.header({noon, "1.2.3"});

    EXPECT_EQ(read(ended(header, R"("keys":0,"lines":0)")).refusal, "");
    EXPECT_EQ(read(ended(header, R"("keys":1,"lines":0)")).refusal,
              "line 2: the counts are not those of the lines before");
}

}  // namespace
}  // namespace gatehouse::store
