// SPDX-License-Identifier: Apache-2.0
#include "gateway/http/router.h"

#include <algorithm>
#include <utility>

namespace gatehouse::http {
namespace {

bool method_fits(const Route& route, std::string_view method) {
    return route.method == "*" || route.method == method;
}

bool is_tree(std::string_view path) {
    return path.ends_with("/*");
}

}  // namespace

void Router::add(Route route) {
    routes_.push_back(std::move(route));
}
void Router::set_fallback(Route route) {
    fallback_ = std::move(route);
}

const Route& Router::find(std::string_view method, std::string_view path) const {
    for (const Route& route : routes_)
        if (route.path == path && method_fits(route, method)) return route;
    const Route* longest = nullptr;
    for (const Route& route : routes_) {
        const std::string_view pattern = route.path;
        if (is_tree(pattern) && path.starts_with(pattern.substr(0, pattern.size() - 1)) && method_fits(route, method) &&
            (longest == nullptr || pattern.size() > longest->path.size()))
            longest = &route;
    }
    return longest != nullptr ? *longest : fallback_;
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
