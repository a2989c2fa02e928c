// SPDX-License-Identifier: Apache-2.0
// One version of the policies: the document, who wrote it, when and why. Versions are kept for good and never change; a
// rollback is a new one. Kept as records (records.h) by admin/policy_versions.cpp.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/base/clock.h"

namespace gatehouse::policy {

/// What holds the policies that count: `managed.source`.
enum class PolicySource : std::uint8_t {
    file,   ///< gateway.yaml; nothing else can change them
    store,  ///< the store; the file's are the first version
};

std::string_view to_slug(PolicySource source);

/// Records of this kind are versions, by version_id().
inline constexpr std::string_view version_record_kind = "policy_version";
/// The one record of this kind, `current_record_id`, is the number of the version that counts.
inline constexpr std::string_view current_record_kind = "policy";
inline constexpr std::string_view current_record_id = "current";

struct PolicyVersion {
    std::int64_t number = 0;  ///< from 1, without gaps
    Instant created_at;
    std::string author;     ///< the actor; "gateway.yaml" of a first version
    std::string reason;     ///< the author's words
    std::int64_t base = 0;  ///< the version that it was made from; 0: from none
    boost::json::object document;
};

using PolicyVersionPtr = std::shared_ptr<const PolicyVersion>;

/// Ten digits, so that ids sort as numbers do.
std::string version_id(std::int64_t number);
std::string to_record(const PolicyVersion& version);
/// Nothing when it is not such a record.
std::optional<PolicyVersion> parse_policy_version(std::string_view record);

}  // namespace gatehouse::policy
