// SPDX-License-Identifier: Apache-2.0
// ConsolePages: the web console as the browser loads it: its one HTML page at /me, /console and below, for who is
// signed in (others are sent to /login and back), and its script and style under names that change with their content.
// The files are built from gateway/admin/console and embedded (console_files.h). Everything that the console shows it
// asks the API for; nothing is decided here.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "auth/identity.h"
#include "gateway/admin/console_files.h"
#include "gateway/base/task.h"
#include "gateway/http/router.h"

namespace gatehouse::admin {

struct ConsolePagesParts {
    /// auth::SignIn::viewer
    std::function<Task<std::optional<auth::Person>>(const http::Request&)> viewer;
    std::span<const ConsoleFile> files;  ///< "index.html" is the page
    http::ErrorRenderer render;          ///< of a page that cannot be shown
};

class ConsolePages {
  public:
    explicit ConsolePages(ConsolePagesParts parts) : parts_(std::move(parts)) {}
    ConsolePages(const ConsolePages&) = delete;
    ConsolePages& operator=(const ConsolePages&) = delete;

    /// Adds the routes. The router keeps a reference to this.
    void mount(http::Router& router);

  private:
    Task<http::Response> page(http::Request& request);
    Task<http::Response> asset(http::Request& request);

    ConsolePagesParts parts_;
};

/// That file as this client takes it: brotli, gzip, or as it is. 304 for its ETag.
http::Response answer_with(const ConsoleFile& file, const http::Request& request);

}  // namespace gatehouse::admin
