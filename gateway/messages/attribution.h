// SPDX-License-Identifier: Apache-2.0
// Attribution: for what a request is, next to who sent it: its project, and the one group that reports count it under
// (docs/metering.md). Called by the messages route. Pure. It believes the caller about the project, which changes no
// limit, and does not believe them about a group that they are not in.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "gateway/http/headers.h"
#include "gateway/messages/ask.h"

namespace gatehouse::messages {

/// What the operator configured; both may be empty.
struct AttributionSettings {
    std::string billing_group_tag;  ///< name of the request tag
    std::string project_header;

    /// Tags are taken out of what goes upstream when they are read here.
    bool reads_tags() const { return !billing_group_tag.empty(); }
};

struct Attribution {
    std::string project;                 ///< "" when the request names none that can be written down
    std::string billing_group;           ///< "" or one of the caller's groups
    bool billing_group_ignored = false;  ///< the request has the tag, and it is no group of the caller's
};

/// `ask` was not released yet.
Attribution attribute(const AttributionSettings& settings, const http::Headers& headers, const Ask& ask,
                      std::span<const std::string> caller_groups);

/// The group that a request counts under: the billing group, else the first group of the caller's policy that they are
/// in, else the first of their own in order of the alphabet, else "".
std::string allocated_group(std::span<const std::string> caller_groups, std::span<const std::string> policy_groups,
                            std::string_view billing_group);

}  // namespace gatehouse::messages
