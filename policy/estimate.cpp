// SPDX-License-Identifier: Apache-2.0
#include "policy/estimate.h"

#include <algorithm>
#include <cmath>

namespace gatehouse::policy {
namespace {

/// English and code come to about four bytes a token; JSON around it costs little.
constexpr double bytes_per_token = 4;
/// An answer of whom nothing is known of: a paragraph and a tool call.
constexpr double first_answer_tokens = 500;
/// How much of the last request an average takes over.
constexpr double weight = 0.3;

std::string key_of(std::string_view user, std::string_view model) {
    std::string key(model);
    return key.append("\n").append(user);
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

Money Estimator::estimate(std::string_view user, std::string_view model, std::size_t body_bytes, const TokenCost& token,
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
    return Money::nano(static_cast<std::int64_t>(std::clamp(sum, 1.0, most)));
}

void Estimator::update(const std::string& key, double prompt_per_byte, double answer) {
    if (Experience* known = find(key)) {
        known->prompt_per_byte += weight * (prompt_per_byte - known->prompt_per_byte);
        known->answer += weight * (answer - known->answer);
        return;
    }
    entries_.push_front({key, prompt_per_byte, answer});
    by_key_[key] = entries_.begin();
    if (entries_.size() <= capacity_) return;
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
}

void Estimator::learn(std::string_view user, std::string_view model, std::size_t body_bytes, Money prompt,
                      Money answer) {
    const double per_byte = nano(prompt) / static_cast<double>(std::max<std::size_t>(body_bytes, 1));
    update(key_of(user, model), per_byte, nano(answer));
    update(key_of({}, model), per_byte, nano(answer));
}

}  // namespace gatehouse::policy
