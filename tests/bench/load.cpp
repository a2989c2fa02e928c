// SPDX-License-Identifier: Apache-2.0
// bench_load: the load generator's command line. One thread, one connection per client, one JSON object as the last
// line of its output. Run by run.py, or by hand against anything that answers like mock_provider.
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>

#include "tests/bench/round_trips.h"
#include "tests/bench/streams.h"
#include "tests/bench/wire.h"

namespace gatehouse::bench {
namespace {

constexpr const char* usage =
    "usage: bench_load rr      --url URL --body FILE [--token T] [--connections N] [--duration-ms MS] [--warm-up-ms "
    "MS]\n"
    "                          [--count N] [--verify yes]\n"
    "       bench_load streams --url URL --body FILE [--token T] [--streams N] [--events N] [--interval-ms MS]\n"
    "                          [--rate STREAMS_PER_SECOND]\n"
    "rr: closed loop, keep-alive. --verify yes asks the mock for the checksum of each body it received.\n"
    "streams: each on its own connection, all read to their end.\n";

struct Usage : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Options {
  public:
    Options(int argc, char** argv, const std::map<std::string, std::string>& defaults) : values_(defaults) {
        for (int index = 2; index < argc; index += 2) {
            const std::string name = argv[index];
            if (!name.starts_with("--") || !values_.contains(name.substr(2)))
                throw Usage{text("unknown option ", name)};
            if (index + 1 == argc) throw Usage{text(name, " needs a value")};
            values_[name.substr(2)] = argv[index + 1];
        }
        for (const auto* needed : {"url", "body"})
            if (values_[needed].empty()) throw Usage{text("--", needed, " is required")};
    }

    const std::string& value(const std::string& name) const { return values_.at(name); }
    std::int64_t number(const std::string& name, std::int64_t least, std::int64_t most) const {
        const auto parsed = to_number(value(name));
        if (!parsed || *parsed < least || *parsed > most)
            throw Usage{text("--", name, " is a number from ", least, " to ", most)};
        return *parsed;
    }

  private:
    std::map<std::string, std::string> values_;
};

Endpoint endpoint_of(const Options& options, const std::string& added_query) {
    auto endpoint = parse_endpoint(options.value("url"));
    if (!endpoint) throw Usage{"--url is http://<IPv4 address>:<port>/<path>"};
    if (!added_query.empty()) endpoint->target += (endpoint->target.contains('?') ? "&" : "?") + added_query;
    return *endpoint;
}

std::string body_of(const Options& options) {
    std::ifstream file{options.value("body"), std::ios::binary};
    if (!file) throw Usage{text("cannot read ", options.value("body"))};
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// The head as Claude Code sends it, and the body.
std::string request_of(const Endpoint& endpoint, const std::string& token, const std::string& body) {
    return text("POST ", endpoint.target, " HTTP/1.1\r\nHost: ", endpoint.host, ":", endpoint.port,
                "\r\nAccept: application/json\r\nX-Stainless-Retry-Count: 0\r\n"
                "X-Stainless-Timeout: 600\r\nX-Stainless-Lang: js\r\nX-Stainless-Package-Version: 0.81.0\r\n"
                "X-Stainless-OS: Linux\r\nX-Stainless-Arch: x64\r\nX-Stainless-Runtime: node\r\n"
                "X-Stainless-Runtime-Version: v24.3.0\r\nanthropic-dangerous-direct-browser-access: true\r\n"
                "anthropic-version: 2023-06-01\r\nAuthorization: Bearer ",
                token,
                "\r\nx-app: cli\r\nUser-Agent: claude-cli/2.1.329 (external, cli)\r\ncontent-type: application/json\r\n"
                "anthropic-beta: "
                "claude-code-20250219,interleaved-thinking-2025-05-14,fine-grained-tool-streaming-2025-05-14\r\n"
                "accept-language: *\r\nsec-fetch-mode: cors\r\naccept-encoding: identity\r\nContent-Length: ",
                body.size(), "\r\n\r\n", body);
}

std::string round_trips(int argc, char** argv) {
    const Options options{argc,
                          argv,
                          {{"url", ""},
                           {"body", ""},
                           {"token", "none"},
                           {"connections", "1"},
                           {"duration-ms", "2000"},
                           {"warm-up-ms", "200"},
                           {"count", "0"},
                           {"verify", ""}}};
    const bool verifies = options.value("verify") == "yes";
    const std::string body = body_of(options);
    RoundTripPlan plan;
    plan.endpoint = endpoint_of(options, verifies ? "verify=1" : "");
    plan.request = request_of(plan.endpoint, options.value("token"), body);
    Checksum sum;
    if (verifies) sum.add(body);
    const bool streams = to_number(parameter_of(plan.endpoint.target, "events")).value_or(0) > 0;
    if (!streams) plan.expected_answer = json_answer(body.size(), verifies ? sum.hex() : std::string{no_checksum});
    plan.connections = static_cast<std::uint32_t>(options.number("connections", 1, 10'000));
    plan.duration_ns = options.number("duration-ms", 1, 600'000) * 1'000'000;
    plan.warm_up_ns = options.number("warm-up-ms", 0, 60'000) * 1'000'000;
    plan.count = options.number("count", 0, 1'000'000'000);
    return run_round_trips(plan);
}

std::string streams(int argc, char** argv) {
    const Options options{argc,
                          argv,
                          {{"url", ""},
                           {"body", ""},
                           {"token", "none"},
                           {"streams", "100"},
                           {"events", "20"},
                           {"interval-ms", "250"},
                           {"rate", "625"}}};
    StreamPlan plan;
    plan.streams = static_cast<std::uint32_t>(options.number("streams", 1, 50'000));
    plan.events = options.number("events", 1, 999'999);
    plan.opened_per_second = options.number("rate", 1, 1'000'000);
    const std::int64_t interval = options.number("interval-ms", 1, 60'000);
    plan.endpoint = endpoint_of(options, text("events=", plan.events, "&interval_ms=", interval));
    plan.request = request_of(plan.endpoint, options.value("token"), body_of(options));
    const std::int64_t regular =
        plan.streams * 1'000'000'000 / plan.opened_per_second + plan.events * interval * 1'000'000;
    plan.deadline_ns = regular + 15'000'000'000;
    return run_streams(plan);
}

}  // namespace
}  // namespace gatehouse::bench

int main(int argc, char** argv) {
    using namespace std::string_view_literals;
    try {
        const std::string_view mode = argc > 1 ? argv[1] : "";
        if (mode != "rr"sv && mode != "streams"sv) throw gatehouse::bench::Usage{"the first argument is rr or streams"};
        const auto run = mode == "rr"sv ? gatehouse::bench::round_trips : gatehouse::bench::streams;
        std::puts(run(argc, argv).c_str());
        return 0;
    } catch (const gatehouse::bench::Usage& problem) {
        std::fprintf(stderr, "bench_load: %s\n%s", problem.what(), gatehouse::bench::usage);
        return 2;
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "bench_load: %s\n", failure.what());
        return 1;
    }
}
