// SPDX-License-Identifier: Apache-2.0
// Journal port: the audit trail. One Entry per inference request, always written; one SecurityEvent per sign-in,
// refusal, revocation and the like. Never holds a prompt, a completion or a secret. Writing never waits and never fails
// visibly to the request (docs/operations.md says what happens when the sink is slow).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatehouse::observe {

/// One `{"evt":"inference"}` line.
struct Entry {
    std::string request_id;
    std::string address;
    std::string path;
    std::string subject;
    std::string email;
    std::string credential_kind;  ///< "session" or "key"
    std::string credential_id;
    std::string service_key;  ///< id of the service key that called, if one did
    std::string policy;
    std::string model;           ///< as the client asked
    std::string upstream;        ///< name of the upstream that answered
    std::string upstream_model;  ///< as sent upstream
    std::string upstream_request_id;
    std::string session_id;              ///< x-claude-code-session-id
    std::string agent_id;                ///< x-claude-code-agent-id
    std::string parent_agent_id;         ///< x-claude-code-parent-agent-id
    std::string project;                 ///< what the request says that it is for (docs/metering.md)
    std::string billing_group;           ///< the request's billing group, when the caller is in it
    bool billing_group_ignored = false;  ///< it named one that the caller is not in
    int status = 0;
    std::string reason;  ///< slug when refused or failed, else empty
    bool streamed = false;
    std::int64_t input_tokens = 0;
    std::int64_t output_tokens = 0;
    std::int64_t cache_read_tokens = 0;
    std::int64_t cache_write_tokens = 0;
    bool estimated = false;                   ///< the provider did not say the tokens to the end
    std::optional<std::int64_t> cost_nano{};  ///< nano-dollars; nothing when there is nothing to bill
    std::int64_t milliseconds = 0;
    std::int64_t first_byte_milliseconds = 0;
};

/// One security event: `name` is dotted (`session.mint`, `device.verify`, `auth.denied`, `key.revoke`), fields in
/// order.
struct SecurityEvent {
    std::string_view name;
    std::vector<std::pair<std::string_view, std::string>> fields;
};

class Journal {
  public:
    virtual ~Journal() = default;
    virtual void write(const Entry& entry) = 0;
    virtual void write(const SecurityEvent& event) = 0;
};

/// JSON lines on standard output through base/log.h.
class LineJournal final : public Journal {
  public:
    void write(const Entry& entry) override;
    void write(const SecurityEvent& event) override;
};

}  // namespace gatehouse::observe
