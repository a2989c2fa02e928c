// SPDX-License-Identifier: Apache-2.0
// What gateway.yaml's `enforcement` becomes: what happens when a cap cannot be checked, and when it is crossed in
// mid-answer.
#pragma once

namespace gatehouse::policy {

struct EnforcementSettings {
    bool fail_closed_on_error = false;  ///< the store is away: refuse instead of going on unchecked
    bool cut_streams = false;           ///< end a stream whose cost crosses a cap

    bool operator==(const EnforcementSettings&) const = default;
};

}  // namespace gatehouse::policy
