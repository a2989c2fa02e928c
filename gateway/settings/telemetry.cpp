// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "gateway/base/text.h"
#include "gateway/settings/sections.h"

namespace gatehouse::settings {
namespace {

bool is_token(std::string_view text) {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";  // RFC 9110, section 5.6.2
    return !text.empty() && std::ranges::all_of(text, [&](char letter) {
        return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
               (letter >= 'A' && letter <= 'Z') || marks.find(letter) != std::string_view::npos;
    });
}

void read_headers(Section& section, otlp::Destination& destination) {
    destination.headers = section.pairs("headers");
    for (const auto& [name, value] : destination.headers) {
        if (!is_token(name)) section.refuse("headers", "holds a name that is no header name");
        if (value.empty() || has_control(value))
            section.refuse("headers", "holds a value for " + name + " that is empty or has control characters");
    }
}

otlp::Destination read_destination(Section& section, const Context& context) {
    otlp::Destination destination;
    if (!section.has("url")) section.refuse("url", "is required");
    if (auto url = section.url("url")) {
        if (!url->secure && !url->is_loopback())
            section.refuse("url", "must begin with https:// (http:// only for a collector on this machine)");
        else
            check_target(section, "url", *url, context);
        while (url->path.ends_with('/'))
            url->path.pop_back();
        destination.url = std::move(*url);
    }
    read_headers(section, destination);
    destination.metrics = section.flag("metrics").value_or(true);
    destination.logs = section.flag("logs").value_or(false);
    destination.traces = section.flag("traces").value_or(false);
    section.finish();
    return destination;
}

/// What every client is told when telemetry is on: everything goes to the gateway, nothing that nobody takes.
std::vector<std::pair<std::string, std::string>> client_environment(const std::vector<otlp::Destination>& destinations,
                                                                    const http::Url& public_url) {
    const auto exporter = [&](bool otlp::Destination::* signal) {
        return std::ranges::any_of(destinations, signal) ? std::string("otlp") : std::string("none");
    };
    return {{"CLAUDE_CODE_ENABLE_TELEMETRY", "1"},
            {"OTEL_METRICS_EXPORTER", exporter(&otlp::Destination::metrics)},
            {"OTEL_LOGS_EXPORTER", exporter(&otlp::Destination::logs)},
            {"OTEL_TRACES_EXPORTER", exporter(&otlp::Destination::traces)},
            {"OTEL_EXPORTER_OTLP_ENDPOINT", public_url.origin()},
            {"OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"}};
}

}  // namespace

void read_telemetry(Section& file, const Context& context, Settings& settings, policy::RulesSpec& spec) {
    Section telemetry = file.section("telemetry");
    std::vector<otlp::Destination>& destinations = settings.telemetry.forward_to;
    for (Section& destination : telemetry.sections("forward_to"))
        if (destination.present()) destinations.push_back(read_destination(destination, context));
    telemetry.finish();
    if (destinations.empty()) return;
    Section listen = file.section("listen");
    if (!listen.has("public_url"))
        telemetry.refuse("forward_to", "needs listen.public_url, from which the address given to clients is made");
    spec.telemetry_env = client_environment(destinations, settings.public_url);
}

void read_log_level(Section& file, const Context& context, Problems& problems, Settings& settings) {
    constexpr auto names = std::to_array<std::string_view>({"debug", "info", "warn", "error"});
    const auto level_of = [&](std::string_view name) {
        return static_cast<log::Level>(std::ranges::find(names, name) - names.begin());
    };
    if (const auto level = file.word("log_level", {names.begin(), names.end()})) settings.log_level = level_of(*level);
    for (const std::string_view variable : {"GATEHOUSE_LOG_LEVEL", "CLAUDE_GATEWAY_LOG_LEVEL"}) {
        const auto level = context.environment(variable);
        if (!level || level->empty()) continue;
        if (std::ranges::find(names, *level) == names.end())
            problems.add(0, std::string(variable), "must be one of debug, info, warn, error");
        else
            settings.log_level = level_of(*level);
        return;
    }
}

}  // namespace gatehouse::settings
