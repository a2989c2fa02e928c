// SPDX-License-Identifier: Apache-2.0
// Load: a provider that keeps its own ledger, many clients at once, and what the gateways wrote down, so that a test
// can compare the three to the last digit. Every request has a session id of its own, which is how they are matched.
#pragma once

#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gateway/store/charge_line.h"
#include "gateway/store/spend_journal.h"
#include "policy/price.h"
#include "tests/flows/shared_redis.h"
#include "tests/flows/world.h"

namespace gatehouse::testing {

/// What the provider served, by the session id that a request's body names.
class ProviderLedger {
  public:
    /// The answer to one request: a few hundred tokens, different for each, and the same again for the same session.
    Script serve(const Asked& asked) {
        const auto body = json::parse(asked.body);
        const auto* metadata = body ? json::find(*body, "metadata") : nullptr;
        const std::string session(metadata ? json::find_string(*metadata, "user_id").value_or("") : "");
        const std::uint64_t mixed = std::hash<std::string>{}(session);
        const policy::Usage usage{.input = static_cast<std::int64_t>(mixed % 700 + 1),
                                  .output = static_cast<std::int64_t>(mixed / 700 % 900 + 1)};
        {
            const std::scoped_lock lock(mutex_);
            served_[session] = usage;
        }
        return Script::json(200, R"({"id":"msg","type":"message","content":[],"usage":{"input_tokens":)" +
                                     std::to_string(usage.input) + R"(,"output_tokens":)" +
                                     std::to_string(usage.output) + "}}");
    }
    std::map<std::string, policy::Usage> served() const {
        const std::scoped_lock lock(mutex_);
        return served_;
    }
    std::size_t count() const {
        const std::scoped_lock lock(mutex_);
        return served_.size();
    }

  private:
    mutable std::mutex mutex_;
    std::map<std::string, policy::Usage> served_;
};

inline Money price_of(const policy::Usage& usage) {
    return policy::builtin_price_book()
        ->price({"anthropic", "claude-sonnet-5", "claude-sonnet-5"}, usage, policy::Speed::standard,
                SystemClock().now())
        .cost;
}

inline std::string ask_in_session(const std::string& session) {
    return R"({"model":"claude-sonnet-5","max_tokens":4096,"metadata":{"user_id":")" + session +
           R"("},"messages":[{"role":"user","content":"hello"}]})";
}

/// Everything that gateways wrote into their spend journals below a directory.
struct Written {
    std::map<std::string, store::StartLine> started;  ///< by session
    std::map<std::string, policy::Charge> settled;    ///< by session
    std::map<std::string, Instant> started_at;        ///< by session
    std::map<std::string, std::string> session_of;    ///< by request id
    std::set<std::string> released;                   ///< sessions
};

inline Written read_journals(const std::string& directory) {
    Written written;
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory))
        if (entry.path().extension() == ".jsonl") files.push_back(entry.path().string());
    std::ranges::sort(files);
    for (const std::string& file : files) {
        std::ifstream stream(file, std::ios::binary);
        std::string line;
        while (std::getline(stream, line)) {
            const std::size_t begin = line.find_first_not_of('\0');
            if (begin == std::string::npos) continue;
            const auto parsed = store::parse_line(std::string_view(line).substr(begin));
            if (!parsed) continue;
            if (const auto* start = std::get_if<store::StartLine>(&*parsed)) {
                written.session_of[start->request_id] = start->session;
                const auto value = json::parse(std::string_view(line).substr(begin));
                written.started_at[start->session] =
                    Instant{std::chrono::milliseconds(json::find_integer(*value, "at").value_or(0))};
                written.started[start->session] = *start;
            } else if (const auto* settled = std::get_if<store::SettleLine>(&*parsed)) {
                written.settled[settled->charge.session] = settled->charge;
            } else if (const auto* released = std::get_if<store::ReleaseLine>(&*parsed)) {
                written.released.insert(written.session_of[released->request_id]);
            }
        }
    }
    return written;
}

/// When each session's charge was added to the store, by the store's own clock.
inline std::map<std::string, Instant> settled_at(const std::string& socket) {
    std::map<std::string, Instant> times;
    const auto records = StoreView(socket).ask({"XRANGE", std::string(store::records_key), "-", "+"});
    for (const store::Reply& record : records.items) {
        const auto line = store::parse_line(record.items.at(1).items.at(1).text);
        if (!line || !std::holds_alternative<store::SettleLine>(*line)) continue;
        times[std::get<store::SettleLine>(*line).charge.session] =
            Instant{std::chrono::milliseconds(std::stoll(record.items.at(0).text))};
    }
    return times;
}

}  // namespace gatehouse::testing
