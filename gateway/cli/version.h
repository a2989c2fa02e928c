// SPDX-License-Identifier: Apache-2.0
// What `gatehouse version` prints: the version, how the binary was built, from which libraries, and on which terms it
// may be passed on. The terms depend on liboauth2's version, which is known when the build is configured.
#pragma once

#include <string>
#include <string_view>

namespace gatehouse::cli {

/// The licence of a binary that is linked with that version of liboauth2.
std::string_view licence_terms(std::string_view liboauth2_version);
std::string version_text();

}  // namespace gatehouse::cli
