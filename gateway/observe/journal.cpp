// SPDX-License-Identifier: Apache-2.0
#include "gateway/observe/journal.h"

#include "gateway/base/log.h"
#include "gateway/base/timestamp.h"

namespace gatehouse::observe {
namespace {

/// Of a request's line, so that it is not moved while it grows.
constexpr std::size_t usual_length = 1024;

/// Builds one flat JSON object in the order it is told; empty strings are left out.
class Line {
  public:
    explicit Line(std::string_view event) {
        text_.reserve(usual_length);
        text_.append(R"({"ts":")").append(to_timestamp(SystemClock{}.now())).append(R"(","evt":)");
        log::append_json_string(text_, event);
    }
    Line& add(std::string_view name, std::string_view value) {
        if (value.empty()) return *this;
        key(name);
        log::append_json_string(text_, value);
        return *this;
    }
    Line& add(std::string_view name, std::int64_t value) {
        key(name);
        text_.append(std::to_string(value));
        return *this;
    }
    Line& add(std::string_view name, bool value) {
        key(name);
        text_.append(value ? "true" : "false");
        return *this;
    }
    std::string finish() && { return std::move(text_.append("}")); }

  private:
    void key(std::string_view name) {
        text_.push_back(',');
        log::append_json_string(text_, name);
        text_.push_back(':');
    }
    std::string text_;
};

}  // namespace

void LineJournal::write(const Entry& entry) {
    Line line("inference");
    line.add("request_id", entry.request_id).add("sub", entry.subject).add("email", entry.email);
    line.add("credential", entry.credential_kind).add("credential_id", entry.credential_id);
    line.add("service_key", entry.service_key);
    line.add("address", entry.address).add("path", entry.path).add("policy", entry.policy).add("model", entry.model);
    line.add("upstream", entry.upstream).add("upstream_model", entry.upstream_model);
    line.add("upstream_request_id", entry.upstream_request_id);
    line.add("status", std::int64_t{entry.status}).add("reason", entry.reason).add("stream", entry.streamed);
    line.add("input_tokens", entry.input_tokens).add("output_tokens", entry.output_tokens);
    line.add("cache_read_tokens", entry.cache_read_tokens).add("cache_write_tokens", entry.cache_write_tokens);
    line.add("estimated", entry.estimated);
    if (entry.cost_nano) line.add("cost_nano", *entry.cost_nano);
    line.add("ms", entry.milliseconds).add("ttfb_ms", entry.first_byte_milliseconds);
    line.add("session_id", entry.session_id).add("agent_id", entry.agent_id);
    line.add("parent_agent_id", entry.parent_agent_id);
    line.add("project", entry.project).add("billing_group", entry.billing_group);
    if (entry.billing_group_ignored) line.add("billing_group_ignored", true);
    log::write_audit(std::move(line).finish());
}

void LineJournal::write(const SecurityEvent& event) {
    Line line(event.name);
    for (const auto& [name, value] : event.fields)
        line.add(name, value);
    log::write_audit(std::move(line).finish());
}

}  // namespace gatehouse::observe
