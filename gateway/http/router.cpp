// SPDX-License-Identifier: Apache-2.0
#include "gateway/http/router.h"

#include <algorithm>
#include <utility>

namespace gatehouse::http {
namespace {

bool method_fits(const Route& route, std::string_view method) {
    return route.method == "*" || route.method == method;
}

/// A pattern without "*" fits nothing here: it is compared whole.
bool fits_pattern(std::string_view pattern, std::string_view path) {
    if (!pattern.contains("/*")) return false;
    for (;;) {
        const std::size_t star = pattern.find("/*");
        const std::string_view fixed = pattern.substr(0, star);
        if (star == std::string_view::npos) return path == fixed;
        if (!path.starts_with(fixed) || !path.substr(fixed.size()).starts_with('/')) return false;
        pattern.remove_prefix(star + 2);
        if (pattern.empty()) return true;
        path.remove_prefix(std::min(path.find('/', fixed.size() + 1), path.size()));
    }
}

}  // namespace

void Router::add(Route route) {
    routes_.push_back(std::move(route));
}
void Router::set_fallback(Route route) {
    fallback_.emplace(std::move(route));
}

const Route& Router::find(std::string_view method, std::string_view path) const {
    for (const Route& route : routes_)
        if (route.path == path && method_fits(route, method)) return route;
    const Route* longest = nullptr;
    for (const Route& route : routes_) {
        const std::string_view pattern = route.path;
        if (method_fits(route, method) && fits_pattern(pattern, path) &&
            (longest == nullptr || pattern.size() > longest->path.size()))
            longest = &route;
    }
    return longest != nullptr ? *longest : *fallback_;
}

std::string normal_path(std::string_view target) {
    const std::string_view path = target.substr(0, target.find('?'));
    if (path.find("/.") == std::string_view::npos) return std::string(path);
    std::string result;
    std::size_t start = 0;
    while (start < path.size()) {
        const std::size_t end = std::min(path.find('/', start + 1), path.size());
        const std::string_view segment = path.substr(start, end - start);
        const bool last = end == path.size();
        if (segment == "/.") {
            if (last) result.push_back('/');
        } else if (segment == "/..") {
            result.resize(result.empty() ? 0 : result.rfind('/'));
            if (last) result.push_back('/');
        } else {
            result.append(segment);
        }
        start = end;
    }
    return result.empty() ? "/" : result;
}

}  // namespace gatehouse::http
