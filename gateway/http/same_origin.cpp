// SPDX-License-Identifier: Apache-2.0
#include "gateway/http/same_origin.h"

#include <string>

namespace gatehouse::http {
namespace {

std::unexpected<Error> refuse(std::string detail) {
    return fail(Error::forbidden(
        Reason::cross_site, "This request did not come from this site's own page. Open the page here and try again.",
        std::move(detail)));
}

}  // namespace

Result<> check_same_origin(const Headers& headers, std::string_view public_origin) {
    // Browsers send each at most once: two lines mean that something in between added one.
    if (headers.count("origin") > 1 || headers.count("sec-fetch-site") > 1)
        return refuse("repeated Origin or Sec-Fetch-Site header");
    const std::string_view site = headers.value("sec-fetch-site");
    if (site == "cross-site" || site == "same-site") return refuse("Sec-Fetch-Site is " + std::string(site));
    const auto origin = headers.find("origin");
    if (origin) {
        if (*origin == public_origin) return {};
        return refuse("Origin is " + std::string(origin->substr(0, 200)));
    }
    if (site == "same-origin" || site == "none") return {};
    return refuse("neither Origin nor Sec-Fetch-Site");
}

}  // namespace gatehouse::http
