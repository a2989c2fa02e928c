// SPDX-License-Identifier: Apache-2.0
// bench_inside: what a request costs inside, without sockets: reading the request body, and metering a streamed answer,
// each beside the cheapest thing that could touch the same bytes. Given a request body file; prints a markdown table.
// Run by run.py after the relay, or by hand.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/messages/ask.h"
#include "gateway/messages/usage.h"
#include "tests/bench/wire.h"

namespace gatehouse::bench {
namespace {

/// Keeps the compiler from dropping a computation.
template <class T>
void keep(const T& value) {
    asm volatile("" : : "g"(&value) : "memory");
}

/// Nanoseconds of one call, the best of many batches: others on the machine only ever add.
template <class Prepare, class Call>
double best_ns(int calls, const Prepare& prepare, const Call& call) {
    std::int64_t best = INT64_MAX;
    for (int batch = 0; batch < 60; ++batch) {
        prepare();
        const std::int64_t begun = monotonic_ns();
        for (int index = 0; index < calls; ++index)
            call(static_cast<std::size_t>(index));
        best = std::min(best, monotonic_ns() - begun);
    }
    return static_cast<double>(best) / calls;
}

void print_row(const char* what, std::size_t bytes, double ns, double least_ns) {
    std::printf("| %s | %zu | %.2f | %.0f | %.1f |\n", what, bytes, ns / 1e3, ns * 1024 / static_cast<double>(bytes),
                ns / least_ns);
}

void measure_ask(const std::string& body) {
    constexpr int calls = 32;
    const auto nothing = [] {};
    const double scan =
        best_ns(calls, nothing, [&body](std::size_t) { keep(std::memchr(body.data(), '\x01', body.size())); });
    print_row("request body: memchr", body.size(), scan, scan);
    const double copy = best_ns(calls, nothing, [&body](std::size_t) { keep(http::Body::of(body)); });
    print_row("request body: allocate and copy", body.size(), copy, scan);

    std::vector<http::Body> bodies(calls);
    const auto refill = [&bodies, &body] {
        for (auto& each : bodies)
            each = http::Body::of(body);
    };
    bool understood = true;
    const double parse = best_ns(calls, refill, [&bodies, &understood](std::size_t index) {
        auto ask = messages::Ask::parse(std::move(bodies[index]));
        understood = understood && ask.has_value();
        keep(ask);
    });
    print_row(understood ? "request body: Ask::parse" : "request body: Ask::parse REFUSED IT", body.size(), parse,
              scan);
}

std::string whole_stream() {
    std::string bytes = stream::opening();
    for (std::int64_t sequence = 0; sequence < 200; ++sequence)
        bytes += stream::event(sequence, 1'000'000'000);
    return bytes + stream::closing(no_checksum);
}

void measure_meter(std::size_t chunk, const char* what) {
    const std::string bytes = whole_stream();
    const auto nothing = [] {};
    const double scan =
        best_ns(64, nothing, [&bytes](std::size_t) { keep(std::memchr(bytes.data(), '\x01', bytes.size())); });
    bool counted = true;
    const double meter = best_ns(64, nothing, [&bytes, chunk, &counted](std::size_t) {
        messages::UsageMeter usage{messages::Shape::events};
        for (std::size_t at = 0; at < bytes.size(); at += chunk)
            usage.look(std::string_view{bytes}.substr(at, chunk));
        usage.finish();
        counted = counted && usage.usage().output == 580;
        keep(usage);
    });
    print_row(counted ? what : "streamed answer: UsageMeter MISCOUNTED", bytes.size(), meter, scan);
}

}  // namespace
}  // namespace gatehouse::bench

int main(int argc, char** argv) {
    std::ifstream file{argc == 2 ? argv[1] : "", std::ios::binary};
    if (!file) {
        std::fputs("usage: bench_inside REQUEST_BODY_FILE\n", stderr);
        return 2;
    }
    const std::string body{std::istreambuf_iterator<char>{file}, {}};
    std::puts("| inside, one thread | bytes | µs | ns per KB | × memchr |\n|---|---|---|---|---|");
    gatehouse::bench::measure_ask(body);
    gatehouse::bench::measure_meter(137, "streamed answer: UsageMeter, an event at a time");
    gatehouse::bench::measure_meter(16'384, "streamed answer: UsageMeter, 16 KB at a time");
    return 0;
}
