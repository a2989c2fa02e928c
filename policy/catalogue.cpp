// SPDX-License-Identifier: Apache-2.0
#include "policy/catalogue.h"

#include <array>
#include <unordered_map>

namespace gatehouse::policy {
namespace {

constexpr std::string_view unknown_date = "1970-01-01T00:00:00Z";
constexpr long long million = 1'000'000;

constexpr auto table = std::to_array<Builtin>({
    {"claude-fable-5-2", "claude-fable-5-2", "anthropic.claude-fable-5-2", "claude-fable-5-2", "Claude Fable 5.2",
     unknown_date, million},
    {"claude-haiku-5-5", "claude-haiku-5-5", "anthropic.claude-haiku-5-5", "claude-haiku-5-5", "Claude Haiku 5.5",
     "2026-10-07T00:00:00Z", million},
    {"claude-sonnet-5-5", "claude-sonnet-5-5", "anthropic.claude-sonnet-5-5", "claude-sonnet-5-5", "Claude Sonnet 5.5",
     "2026-09-28T00:00:00Z", million},
    {"claude-opus-5-5", "claude-opus-5-5", "anthropic.claude-opus-5-5", "claude-opus-5-5", "Claude Opus 5.5",
     "2026-09-22T00:00:00Z", million},
    {"claude-fable-5-1", "claude-fable-5-1", "anthropic.claude-fable-5-1", "claude-fable-5-1", "Claude Fable 5.1",
     "2026-09-01T00:00:00Z", million},
    {"claude-opus-5", "claude-opus-5", "anthropic.claude-opus-5", "claude-opus-5", "Claude Opus 5",
     "2026-07-24T00:00:00Z", million},
    {"claude-sonnet-5", "claude-sonnet-5", "anthropic.claude-sonnet-5", "claude-sonnet-5", "Claude Sonnet 5",
     "2026-06-30T00:00:00Z", million},
    {"claude-fable-5", "claude-fable-5", "anthropic.claude-fable-5", "claude-fable-5", "Claude Fable 5",
     "2026-06-09T00:00:00Z", million},
    {"claude-opus-4-8", "claude-opus-4-8", "anthropic.claude-opus-4-8", "claude-opus-4-8", "Claude Opus 4.8",
     "2026-05-28T00:00:00Z", million},
    {"claude-opus-4-7", "claude-opus-4-7", "anthropic.claude-opus-4-7", "claude-opus-4-7", "Claude Opus 4.7",
     "2026-04-16T00:00:00Z", million},
    {"claude-sonnet-4-6", "claude-sonnet-4-6", "anthropic.claude-sonnet-4-6", "claude-sonnet-4-6", "Claude Sonnet 4.6",
     "2026-02-17T00:00:00Z"},
    {"claude-opus-4-6", "claude-opus-4-6", "anthropic.claude-opus-4-6-v1", "claude-opus-4-6", "Claude Opus 4.6",
     "2026-02-05T00:00:00Z"},
    {"claude-opus-4-5-20251101", "claude-opus-4-5", "anthropic.claude-opus-4-5-20251101-v1:0",
     "claude-opus-4-5@20251101", "Claude Opus 4.5", "2025-11-24T00:00:00Z", 200'000},
    {"claude-haiku-4-5-20251001", "claude-haiku-4-5", "anthropic.claude-haiku-4-5-20251001-v1:0",
     "claude-haiku-4-5@20251001", "Claude Haiku 4.5", "2025-10-15T00:00:00Z", 200'000},
    {"claude-sonnet-4-5-20250929", "claude-sonnet-4-5", "anthropic.claude-sonnet-4-5-20250929-v1:0",
     "claude-sonnet-4-5@20250929", "Claude Sonnet 4.5", "2025-09-29T00:00:00Z"},
    {"claude-opus-4-1-20250805", "claude-opus-4-1", "anthropic.claude-opus-4-1-20250805-v1:0",
     "claude-opus-4-1@20250805", "Claude Opus 4.1", "2025-08-05T00:00:00Z", 200'000},
    {"claude-opus-4-20250514", "claude-opus-4", "anthropic.claude-opus-4-20250514-v1:0", "claude-opus-4@20250514",
     "Claude Opus 4", "2025-05-22T00:00:00Z", 200'000, false},
    {"claude-sonnet-4-20250514", "claude-sonnet-4", "anthropic.claude-sonnet-4-20250514-v1:0",
     "claude-sonnet-4@20250514", "Claude Sonnet 4", "2025-05-22T00:00:00Z", 0, false},
    {"claude-3-7-sonnet-20250219", "claude-3-7-sonnet", "anthropic.claude-3-7-sonnet-20250219-v1:0",
     "claude-3-7-sonnet@20250219", "Claude Sonnet 3.7", "2025-02-24T00:00:00Z", 200'000, false},
    {"claude-3-5-sonnet-20241022", "claude-3-5-sonnet", "anthropic.claude-3-5-sonnet-20241022-v2:0",
     "claude-3-5-sonnet-v2@20241022", "Claude Sonnet 3.5", "2024-10-22T00:00:00Z", 200'000, false},
    {"claude-3-5-haiku-20241022", "claude-3-5-haiku", "anthropic.claude-3-5-haiku-20241022-v1:0",
     "claude-3-5-haiku@20241022", "Claude Haiku 3.5", "2024-10-22T00:00:00Z", 200'000, false},
});

// The prefixes of Bedrock's cross-region inference profiles.
constexpr auto geographies =
    std::to_array<std::string_view>({"", "us.", "eu.", "apac.", "jp.", "au.", "global.", "us-gov."});

using Spellings = std::unordered_map<std::string, std::size_t>;

Spellings every_spelling() {
    Spellings spellings;
    for (std::size_t index = 0; index < table.size(); ++index) {
        const Builtin& model = table[index];
        for (const std::string_view form : {model.id, model.dateless, model.vertex})
            spellings.emplace(std::string(form), index);
        for (const std::string_view geography : geographies)
            spellings.emplace(std::string(geography).append(model.bedrock), index);
    }
    return spellings;
}

}  // namespace

std::span<const Builtin> builtins() {
    return table;
}

std::optional<std::size_t> find_builtin(std::string_view spelling) {
    static const Spellings spellings = every_spelling();
    const auto found = spellings.find(std::string(spelling));
    if (found == spellings.end()) return std::nullopt;
    return found->second;
}

}  // namespace gatehouse::policy
