// SPDX-License-Identifier: Apache-2.0
// A policy's `cli` mapping as the JSON document that Claude Code gets.
#pragma once

#include <boost/json/object.hpp>

#include "gateway/settings/node.h"

namespace gatehouse::settings {

/// Plain scalars are typed as YAML 1.2 says. Values of `env` become strings as written, since that is what an
/// environment variable is. Infinities and not-a-number are problems: JSON has none.
boost::json::object to_document(const YamlNode& mapping, const std::string& path, Problems& problems);

}  // namespace gatehouse::settings
