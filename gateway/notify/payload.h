// SPDX-License-Identifier: Apache-2.0
// Payloads: an alert as the event that is kept and sent, the body that a webhook's template makes of it, and the
// signature (Standard Webhooks 1.0: webhook-id, webhook-timestamp, webhook-signature). Pure.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "gateway/notify/settings.h"
#include "policy/alert.h"

namespace gatehouse::notify {

/// "evt_" and 32 hex digits: the same alert has the same.
std::string event_id(std::string_view key);
/// `{"type":"spend.threshold","id","created_at","text",…}`.
boost::json::object to_event(const policy::Alert& alert, std::string_view id);
/// What is posted; `event` is what to_event made.
std::string to_body(Template body, const boost::json::object& event);

/// `v1,<base64 of the HMAC-SHA256 of "id.timestamp.body">`.
std::string sign(const Secret& secret, std::string_view id, long long timestamp, std::string_view body);

}  // namespace gatehouse::notify
