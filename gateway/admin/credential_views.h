// SPDX-License-Identifier: Apache-2.0
// How sessions and personal keys are shown, to their owner (my_credentials.cpp) and to an admin (users.cpp). Pure.
#pragma once

#include <boost/json/object.hpp>

#include "auth/vault.h"

namespace gatehouse::admin {

boost::json::object to_json(const auth::Session& session);
boost::json::object to_json(const auth::PersonalKey& key);

}  // namespace gatehouse::admin
