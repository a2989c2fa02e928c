// SPDX-License-Identifier: Apache-2.0
// GET /protocol: the HTTP interface as a person or a program reads it, which is docs/api.md as of the build. No
// credential: it says nothing about this gateway that its public documentation does not.
#pragma once

#include "gateway/http/router.h"

namespace gatehouse {

void mount_protocol(http::Router& router);

}  // namespace gatehouse
