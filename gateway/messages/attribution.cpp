// SPDX-License-Identifier: Apache-2.0
#include "gateway/messages/attribution.h"

#include <algorithm>

#include "gateway/base/text.h"

namespace gatehouse::messages {
namespace {

constexpr std::size_t longest_project = 200;

bool holds(std::span<const std::string> groups, std::string_view group) {
    return std::ranges::find(groups, group) != groups.end();
}

/// A header may hold any bytes; of what is not printable ASCII nobody knows the encoding.
bool is_project(std::string_view header) {
    return header.size() <= longest_project && printable(header, longest_project) == header;
}

std::string project_of(const AttributionSettings& settings, const http::Headers& headers, std::string_view tag) {
    if (!settings.project_header.empty()) {
        const std::string_view named = headers.value(settings.project_header);
        if (!named.empty() && is_project(named)) return std::string(named);
    }
    return has_control(tag) ? std::string{} : std::string(tag);
}

}  // namespace

Attribution attribute(const AttributionSettings& settings, const http::Headers& headers, const Ask& ask,
                      std::span<const std::string> caller_groups) {
    const auto tag = settings.reads_tags() ? ask.tag(settings.billing_group_tag) : std::nullopt;
    Attribution result;
    result.project = project_of(settings, headers, tag.value_or(""));
    if (!tag) return result;
    result.billing_group_ignored = tag->empty() || !holds(caller_groups, *tag);
    if (!result.billing_group_ignored) result.billing_group = *tag;
    return result;
}

std::string allocated_group(std::span<const std::string> caller_groups, std::span<const std::string> policy_groups,
                            std::string_view billing_group) {
    if (!billing_group.empty()) return std::string(billing_group);
    const auto matched =
        std::ranges::find_if(policy_groups, [&](const std::string& group) { return holds(caller_groups, group); });
    if (matched != policy_groups.end()) return *matched;
    const auto first = std::ranges::min_element(caller_groups);
    return first == caller_groups.end() ? std::string{} : *first;
}

}  // namespace gatehouse::messages
