// SPDX-License-Identifier: Apache-2.0
// What gateway.yaml's `admin` becomes: who may administer, and how long what they and the meter wrote is kept.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "gateway/base/secret.h"
#include "policy/cap.h"

namespace gatehouse::admin {

struct AdminKey {
    std::string id;  ///< in the audit trail as "admin-key:<id>"
    Secret key;      ///< at least 32 characters

    bool operator==(const AdminKey&) const = default;
};

struct AdminSettings {
    bool enabled = false;  ///< the block is there
    std::vector<AdminKey> read_keys;
    std::vector<AdminKey> write_keys;
    std::vector<std::string> admin_groups;
    std::vector<std::string> finance_groups;  ///< may read spend, nothing else
    std::string blocked_message;              ///< behind the sentence that a blocked developer sees
    std::chrono::days audit_retention{365};
    int spend_retention_months = 13;
    std::chrono::days identity_retention{90};
    policy::GroupLimitMode group_limit_mode = policy::GroupLimitMode::min;
    std::string billing_group_tag;  ///< name of the request tag that carries the project; empty: tags are left alone
    std::string project_header;     ///< request header that names the project; empty: none

    bool operator==(const AdminSettings&) const = default;
};

}  // namespace gatehouse::admin
