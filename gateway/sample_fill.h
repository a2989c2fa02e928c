// SPDX-License-Identifier: Apache-2.0
// fill_with_sample: puts the demo's made-up organization (demo/sample.h) into an empty store, the way everything else
// gets there: charges through the ledger, caps, the key and the requests for more through what admins use. Called by
// demo_app before anything listens. The second start adds what happened since the first.
#pragma once

#include "gateway/services.h"

namespace gatehouse {

/// Adds sample data when `wanted`. Gives back whether the store holds some, also from an earlier start.
Task<bool> fill_with_sample(Stores stores, bool wanted);

}  // namespace gatehouse
