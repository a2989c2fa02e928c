// SPDX-License-Identifier: Apache-2.0
// Estimator: what a request will cost and how many tokens it will take, guessed before it is sent. The prompt from the
// body's size and what this user's recent prompts cost per byte (which knows how much of them comes from the cache),
// the answer from what their recent answers cost; never the most that could be asked for. Bounded memory, least
// recently used go first. One per shard, not thread-safe; asks no clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "gateway/base/money.h"
#include "policy/brake.h"
#include "policy/price.h"

namespace gatehouse::policy {

class Estimator {
  public:
    explicit Estimator(std::size_t capacity = 16'384) : capacity_(capacity) {}

    /// `token`: for whom nothing is known of yet. `most_output`: the request's own bound on output tokens, if it has
    /// one. At least one nano-dollar; tokens as rates count them (counted_tokens).
    Draw estimate(std::string_view user, std::string_view model, std::size_t body_bytes, const TokenCost& token,
                  std::optional<std::int64_t> most_output);
    /// What came of it: the cost of everything read and of everything written, and the tokens that rates count.
    void learn(std::string_view user, std::string_view model, std::size_t body_bytes, Money prompt, Money answer,
               std::int64_t tokens);
    std::size_t size() const { return entries_.size(); }

  private:
    /// Moving averages; money in nano-dollars.
    struct Experience {
        std::string key;
        double prompt_per_byte = 0;
        double answer = 0;
        double tokens = 0;
    };
    using Entries = std::list<Experience>;

    Experience* find(const std::string& key);
    void update(const Experience& latest);

    std::size_t capacity_;
    Entries entries_;  ///< most recently used first
    std::unordered_map<std::string, Entries::iterator> by_key_;
};

}  // namespace gatehouse::policy
