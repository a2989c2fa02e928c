// SPDX-License-Identifier: Apache-2.0
#include "policy/catalogue.h"

#include <gtest/gtest.h>

namespace gatehouse::policy {
namespace {

std::string_view id_of(std::string_view spelling) {
    const auto found = find_builtin(spelling);
    return found ? builtins()[*found].id : std::string_view{};
}

TEST(Catalogue, ResolvesDatelessDatedAndCloudSpellingsToTheProvidersId) {
    for (const std::string_view spelling :
         {"claude-haiku-4-5", "claude-haiku-4-5-20251001", "claude-haiku-4-5@20251001",
          "us.anthropic.claude-haiku-4-5-20251001-v1:0", "eu.anthropic.claude-haiku-4-5-20251001-v1:0",
          "anthropic.claude-haiku-4-5-20251001-v1:0"})
        EXPECT_EQ(id_of(spelling), "claude-haiku-4-5-20251001") << spelling;
    EXPECT_EQ(id_of("us.anthropic.claude-opus-4-6-v1"), "claude-opus-4-6");
    EXPECT_EQ(id_of("us.anthropic.claude-opus-4-8"), "claude-opus-4-8");
    EXPECT_EQ(id_of("claude-opus-4-1@20250805"), "claude-opus-4-1-20250805");
}

TEST(Catalogue, KnowsNoInventedSpelling) {
    for (const std::string_view spelling :
         {"claude-opus-4-8[1m]", "claude-opus-4-8-latest", "claude-opus-4-8-20260101", "claude-haiku-4-5@20251002",
          "claude-haiku-4-5@", "opus", "sonnet", "best", "claude-haiku-4-5-v1:0", "us.anthropic.claude-haiku-4-5",
          "xx.anthropic.claude-opus-4-8", "anthropic/claude-opus-4-8", " claude-opus-4-8", "claude-haiku-4.5", ""})
        EXPECT_FALSE(find_builtin(spelling)) << spelling;
}

TEST(Catalogue, GivesNoSpellingToTwoModels) {
    for (const Builtin& model : builtins())
        for (const std::string_view spelling : {model.id, model.dateless, model.vertex, model.bedrock})
            EXPECT_EQ(id_of(spelling), model.id) << spelling;
}

TEST(Catalogue, DatesEveryModelAndListsTheNewestFirst) {
    std::string_view previous;
    for (const Builtin& model : builtins()) {
        EXPECT_EQ(model.released.size(), 20U) << model.id;
        EXPECT_TRUE(model.id.starts_with(model.dateless)) << model.id;
        if (!previous.empty() && previous != "1970-01-01T00:00:00Z") EXPECT_GE(previous, model.released) << model.id;
        previous = model.released;
    }
}

}  // namespace
}  // namespace gatehouse::policy
