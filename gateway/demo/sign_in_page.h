// SPDX-License-Identifier: Apache-2.0
// The demo identity provider's two pages, as text: choosing a person, and refusing. No script, strict CSP.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/http/message.h"

namespace gatehouse::demo {

/// One button for each person; posts `fields` back unchanged, with `person`. `redirect_origin` is where the answer to
/// the post may lead (browsers apply form-action to redirects too).
http::Response sign_in_page(const std::vector<std::pair<std::string, std::string>>& fields,
                            std::string_view redirect_origin);
http::Response refusal_page(std::string_view sentence);
std::string escape_html(std::string_view text);

}  // namespace gatehouse::demo
