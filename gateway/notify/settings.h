// SPDX-License-Identifier: Apache-2.0
// What gateway.yaml's `notifications` becomes.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "gateway/base/secret.h"
#include "gateway/http/url.h"
#include "policy/alert.h"

namespace gatehouse::notify {

/// What a webhook's body looks like.
enum class Template : std::uint8_t {
    json,   ///< ours (docs/notifications.md)
    slack,  ///< an incoming webhook of Slack
    teams,  ///< a Teams workflow that posts adaptive cards
};

struct Webhook {
    std::string name;
    http::Url url;  ///< may hold a secret: never shown or logged, its name is
    Secret secret;  ///< raw key of the signature; empty: unsigned
    Template body = Template::json;
    std::vector<policy::AlertKind> events;  ///< empty: all

    bool operator==(const Webhook&) const = default;
};

struct NotificationSettings {
    policy::AlertRules rules;
    std::vector<Webhook> webhooks;
    std::chrono::seconds first_retry{5};
    std::chrono::seconds give_up_after{std::chrono::hours{24}};

    bool operator==(const NotificationSettings&) const = default;
};

}  // namespace gatehouse::notify
