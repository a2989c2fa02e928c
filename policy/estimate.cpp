// SPDX-License-Identifier: Apache-2.0
#include "policy/estimate.h"

#include <algorithm>
#include <cmath>

#include "gateway/base/text.h"

namespace gatehouse::policy {
namespace {

/// English and code come to about four bytes a token; JSON around it costs little.
constexpr double bytes_per_token = 4;
/// An answer of whom nothing is known of: a paragraph and a tool call.
constexpr double first_answer_tokens = 500;
/// How much of the last request an average takes over.
constexpr double weight = 0.3;

std::string key_of(std::string_view user, std::string_view model) {
    return concat({model, "\n", user});
}

double nano(Money amount) {
    return static_cast<double>(std::max(amount, Money()).nano());
}

}  // namespace

Estimator::Experience* Estimator::find(const std::string& key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &entries_.front();
}

Draw Estimator::estimate(std::string_view user, std::string_view model, std::size_t body_bytes, const TokenCost& token,
                         std::optional<std::int64_t> most_output) {
    const Experience* known = find(key_of(user, model));
    // Of a user who is new, what others' requests to the same model came to is a better guess than the list price.
    if (known == nullptr) known = find(key_of({}, model));
    const double per_byte = known != nullptr ? known->prompt_per_byte : nano(token.input) / bytes_per_token;
    double answer = known != nullptr ? known->answer : first_answer_tokens * nano(token.output);
    if (most_output && *most_output >= 0)
        answer = std::min(answer, static_cast<double>(*most_output) * nano(token.output));
    const double sum = std::ceil(per_byte * static_cast<double>(body_bytes) + answer);
    constexpr double most = 9e18;
    const double tokens =
        known != nullptr ? known->tokens : static_cast<double>(body_bytes) / bytes_per_token + first_answer_tokens;
    return {static_cast<std::int64_t>(std::clamp(std::ceil(tokens), 0.0, most)),
            Money::nano(static_cast<std::int64_t>(std::clamp(sum, 1.0, most)))};
}

void Estimator::update(const Experience& latest) {
    if (Experience* known = find(latest.key)) {
        known->prompt_per_byte += weight * (latest.prompt_per_byte - known->prompt_per_byte);
        known->answer += weight * (latest.answer - known->answer);
        known->tokens += weight * (latest.tokens - known->tokens);
        return;
    }
    entries_.push_front(latest);
    by_key_[latest.key] = entries_.begin();
    if (entries_.size() <= capacity_) return;
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
}

void Estimator::learn(std::string_view user, std::string_view model, std::size_t body_bytes, Money prompt, Money answer,
                      std::int64_t tokens) {
    const double per_byte = nano(prompt) / static_cast<double>(std::max<std::size_t>(body_bytes, 1));
    Experience latest{key_of(user, model), per_byte, nano(answer), static_cast<double>(tokens)};
    update(latest);
    latest.key = key_of({}, model);
    update(latest);
}

}  // namespace gatehouse::policy
