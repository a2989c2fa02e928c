// SPDX-License-Identifier: Apache-2.0
#include "gateway/cli/version.h"

#include <boost/version.hpp>

namespace gatehouse::cli {
namespace {

constexpr int boost_major = BOOST_VERSION / 100'000;
constexpr int boost_minor = BOOST_VERSION / 100 % 1000;

}  // namespace

std::string_view licence_terms(std::string_view liboauth2_version) {
    // Only the first number counts: upstream changed its licence with 2.0.0.
    const bool permissive = !liboauth2_version.starts_with("0.") && !liboauth2_version.starts_with("1.");
    if (permissive) return "Apache-2.0, like Gatehouse's own code: every library in it allows that.";
    return "AGPL-3.0-or-later as a whole, because liboauth2 before 2.0 is; Gatehouse's own code is Apache-2.0.\n"
           "           Passing it on, or letting others use a modified one over a network, obliges you to offer the\n"
           "           source. Built against liboauth2 2.0 or newer, the binary is Apache-2.0.";
}

std::string version_text() {
    std::string text("gatehouse " GATEHOUSE_VERSION "\n");
    text.append("build      " GATEHOUSE_BUILD_TYPE ", clang " __clang_version__ "\n");
    text.append("libraries  Boost ")
        .append(std::to_string(boost_major))
        .append(".")
        .append(std::to_string(boost_minor));
    text.append(", OpenSSL " GATEHOUSE_OPENSSL ", liboauth2 " GATEHOUSE_LIBOAUTH2 ", hiredis " GATEHOUSE_HIREDIS
                ", simdjson " GATEHOUSE_SIMDJSON ", yaml-cpp " GATEHOUSE_YAML_CPP "\n");
    return text.append("licence    ").append(licence_terms(GATEHOUSE_LIBOAUTH2)).append("\n");
}

}  // namespace gatehouse::cli
