// SPDX-License-Identifier: Apache-2.0
#include "policy/policy_version.h"

#include <boost/json/value.hpp>
#include <chrono>
#include <utility>

#include "gateway/base/json.h"

namespace gatehouse::policy {

std::string_view to_slug(PolicySource source) {
    switch (source) {
        case PolicySource::file:
            return "file";
        case PolicySource::store:
            return "store";
    }
    return "file";
}

std::string version_id(std::int64_t number) {
    constexpr std::size_t width = 10;
    std::string digits = std::to_string(number);
    if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
    return digits;
}

std::string to_record(const PolicyVersion& version) {
    return json::to_canonical(boost::json::object{{"version", version.number},
                                                  {"created_at", version.created_at.time_since_epoch().count()},
                                                  {"author", version.author},
                                                  {"reason", version.reason},
                                                  {"base_version", version.base},
                                                  {"document", version.document}});
}

std::optional<PolicyVersion> parse_policy_version(std::string_view record) {
    const auto value = json::parse(record);
    if (!value) return std::nullopt;
    const auto number = json::find_integer(*value, "version");
    const auto created_at = json::find_integer(*value, "created_at");
    const auto* document = json::find(*value, "document");
    if (!number || *number < 1 || !created_at || document == nullptr || !document->is_object()) return std::nullopt;
    PolicyVersion version;
    version.number = *number;
    version.created_at = Instant{std::chrono::milliseconds(*created_at)};
    version.author = json::find_string(*value, "author").value_or("");
    version.reason = json::find_string(*value, "reason").value_or("");
    version.base = json::find_integer(*value, "base_version").value_or(0);
    version.document = document->get_object();
    return version;
}

}  // namespace gatehouse::policy
