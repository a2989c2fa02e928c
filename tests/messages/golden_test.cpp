// SPDX-License-Identifier: Apache-2.0
// Whole exchanges as files: tests/golden/<case>/{request.json, upstream.head.json, upstream.sse or .json} go in,
// expected.{request.json, response, entry.json} must come out, however the provider's bytes are cut into chunks.
// GATEHOUSE_UPDATE_GOLDEN=1 rewrites the expected files; review decides.
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "gateway/base/json.h"
#include "tests/messages/route_fixture.h"

namespace gatehouse::messages {
namespace {

namespace fs = std::filesystem;
using testing::ScriptedReply;

const fs::path golden = fs::path(GATEHOUSE_SOURCE_DIR) / "tests/golden";

std::string read_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> cases() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(golden))
        if (entry.is_directory()) names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
}

ScriptedReply scripted(const fs::path& folder, std::size_t chunk) {
    const auto head = json::parse(read_file(folder / "upstream.head.json")).value();
    const bool events = fs::exists(folder / "upstream.sse");
    const std::string body = read_file(folder / (events ? "upstream.sse" : "upstream.json"));
    auto reply = ScriptedReply::of(static_cast<int>(*json::find_integer(head, "status")))
                     .header("Content-Type", *json::find_string(head, "content_type"))
                     .header("request-id", "req_upstream")
                     .header("Transfer-Encoding", "chunked");
    for (std::size_t at = 0; at < body.size(); at += chunk)
        static_cast<void>(std::move(reply).chunk(body.substr(at, chunk)));
    if (*json::find_bool(head, "cut")) static_cast<void>(std::move(reply).cut());
    return reply;
}

std::string text_of(const observe::Entry& entry) {
    boost::json::object fields;
    fields["model"] = entry.model;
    fields["upstream_model"] = entry.upstream_model;
    fields["upstream_request_id"] = entry.upstream_request_id;
    fields["status"] = entry.status;
    fields["reason"] = entry.reason;
    fields["streamed"] = entry.streamed;
    fields["input_tokens"] = entry.input_tokens;
    fields["output_tokens"] = entry.output_tokens;
    fields["cache_read_tokens"] = entry.cache_read_tokens;
    fields["cache_write_tokens"] = entry.cache_write_tokens;
    fields["estimated"] = entry.estimated;
    std::string text;
    for (const auto& [name, value] : fields)
        text.append(text.empty() ? "{\n  \"" : ",\n  \"").append(name).append("\": ").append(json::to_text(value));
    return text.append("\n}\n");
}

class Golden : public RouteFixture, public ::testing::WithParamInterface<std::string> {};

TEST_P(Golden, ComesOutAsExpectedInAnyChunking) {
    const fs::path folder = golden / GetParam();
    for (const std::size_t chunk : {std::size_t{1} << 20U, std::size_t{1}, std::size_t{7}, std::size_t{137}}) {
        journal.entries.clear();
        upstream_client.next(scripted(folder, chunk));
        const auto served = serve(read_file(folder / "request.json"));
        ASSERT_TRUE(served->result);
        EXPECT_TRUE(served->client.finished);
        const std::pair<const char*, std::string> results[] = {{"expected.request.json", upstream_client.last().body},
                                                               {"expected.response", served->client.body()},
                                                               {"expected.entry.json", text_of(entry())}};
        for (const auto& [name, text] : results) {
            if (std::getenv("GATEHOUSE_UPDATE_GOLDEN") != nullptr)
                std::ofstream(folder / name, std::ios::binary) << text;
            EXPECT_EQ(text, read_file(folder / name)) << name << " in chunks of " << chunk;
        }
    }
}

std::string title(const ::testing::TestParamInfo<std::string>& info) {
    std::string name = info.param;
    std::ranges::replace(name, '-', '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(Files, Golden, ::testing::ValuesIn(cases()), title);

}  // namespace
}  // namespace gatehouse::messages
