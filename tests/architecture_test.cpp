// SPDX-License-Identifier: Apache-2.0
// The house's rules that a compiler does not check: which room may include which, and which file may know which
// library. Reads every source of gateway/, auth/ and policy/. The baseline is empty: there is no list of exceptions.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse {
namespace {

namespace fs = std::filesystem;
using Rooms = std::set<std::string, std::less<>>;

/// Who may start a coroutine that nobody awaits: the process, the listener, and the loop that keeps a connection to
/// the store up.
constexpr const char* coroutine_starters =
    "gateway/(app|main|store_commands)\\.cpp|gateway/net/(server|shard)\\.cpp|gateway/store/loop\\.h";

/// Which rooms a room may include, besides itself. Rooms at the top (app, main, settings, …) may include all.
const std::map<std::string, Rooms, std::less<>>& allowed_rooms() {
    static const std::map<std::string, Rooms, std::less<>> table = {
        {"base", {}},
        {"http", {"base"}},
        {"policy", {"base"}},
        {"observe", {"base"}},
        {"net", {"base", "http", "observe"}},
        {"upstream", {"base", "http", "observe"}},
        {"auth", {"base", "http", "observe"}},
        {"store", {"base", "net", "auth", "policy", "observe"}},
        {"messages", {"base", "http", "auth", "policy", "upstream", "observe"}},
        {"managed", {"base", "http", "auth", "policy", "observe"}},
        {"otlp", {"base", "http", "auth", "observe"}},
        {"notify", {"base", "http", "policy", "observe"}},
        {"admin", {"base", "http", "auth", "policy", "observe"}},
        {"cli", {"base", "http", "policy"}},
        {"demo", {"base", "http", "policy"}},
    };
    return table;
}

/// A library and the only files that may include it, as regular expressions over include and path.
struct Containment {
    std::regex include;
    std::regex files;
    std::string files_text;
    Containment(const char* what, const char* where) : include(what), files(where), files_text(where) {}
};

/// The first that fits decides, so the narrow ones come first.
const std::vector<Containment>& containments() {
    static const std::vector<Containment> table = {
        {"boost/asio/impl/src\\.hpp", "gateway/base/asio\\.cpp"},
        {"boost/asio\\.hpp|boost/beast\\.hpp|boost/json\\.hpp|boost/url\\.hpp", "nowhere: include the parts"},
        {"boost/asio/co_spawn\\.hpp", coroutine_starters},
        {"boost/asio/(ssl|ip|local|generic|posix)(/.*|\\.hpp)", "gateway/net/.*"},
        {"boost/asio/(read|write|connect|basic_|buffered|stream_file|random_access).*", "gateway/net/.*\\.cpp"},
        {"boost/beast/.*", "gateway/net/.*\\.cpp"},
        {"boost/url/.*", "gateway/http/.*\\.cpp"},
        {"openssl/.*", "gateway/base/crypto\\.cpp|gateway/net/.*\\.cpp"},
        {"hiredis/.*", "gateway/store/redis\\.cpp"},
        {"(oauth2|cjose|jansson|curl)(/.*|\\.h)", "auth/(oidc|liboauth2).*\\.cpp"},
        {"simdjson(/.*|\\.h)", "gateway/messages/json_walk\\.cpp"},
        {"yaml-cpp/.*", "gateway/settings.*\\.(cpp|h)"},
        {"CLI/.*", "gateway/cli/arguments\\.cpp"},
        {"kainjow/.*", "auth/.*\\.cpp"},
        {"prometheus/.*", "gateway/observe/metrics\\.cpp"},
        {"zlib\\.h", "gateway/.*\\.cpp"},
    };
    return table;
}

/// Libraries that one file hides from all others, whichever file that is.
const std::vector<const char*>& hidden_libraries() {
    static const std::vector<const char*> table = {"yaml-cpp/", "kainjow/", "CLI/", "hiredis/", "simdjson", "zlib.h"};
    return table;
}

/// `gateway/http/url.h` → http; `auth/token.cpp` → auth; `gateway/app.cpp`, `gateway/settings/x.cpp` → "" (the top).
std::string room_of(std::string_view path) {
    const std::size_t slash = path.find('/');
    const std::string_view first = path.substr(0, slash);
    if (first != "gateway") return std::string(first);
    const std::string_view rest = path.substr(slash + 1);
    const std::size_t next = rest.find('/');
    const std::string_view room = next == std::string_view::npos ? std::string_view{} : rest.substr(0, next);
    return allowed_rooms().contains(room) ? std::string(room) : std::string{};
}

/// Why `file` must not include `"target"`.
std::optional<std::string> objection_to_room(const std::string& file, const std::string& target) {
    const std::string from = room_of(file);
    const std::string to = room_of(target);
    if (from.empty() || from == to) return std::nullopt;
    const auto entry = allowed_rooms().find(from);
    if (entry == allowed_rooms().end()) return file + ": the room " + from + " is not in the table";
    if (entry->second.contains(to)) return std::nullopt;
    std::string sentence = file;
    return sentence.append(" includes ")
        .append(target)
        .append(": ")
        .append(from)
        .append(" may not know ")
        .append(to.empty() ? "the top level" : to);
}

/// Why `file` must not include `<target>`.
std::optional<std::string> objection_to_library(const std::string& file, const std::string& target) {
    for (const Containment& rule : containments()) {
        if (!std::regex_match(target, rule.include)) continue;
        if (std::regex_match(file, rule.files)) return std::nullopt;
        return file + " includes <" + target + ">, which belongs to " + rule.files_text + " only";
    }
    return std::nullopt;
}

/// Why a text breaks a rule that is about words rather than includes.
std::optional<std::string> objection_to_text(const std::string& file, const std::string& text) {
    const bool header = file.ends_with(".h");
    if (!text.starts_with("// SPDX-License-Identifier: Apache-2.0\n")) return file + ": the SPDX line must come first";
    if (header && !text.substr(text.find('\n') + 1).starts_with("// "))
        return file + ": no paragraph says what this header owns";
    if (header && text.find("\n#pragma once\n") == std::string::npos) return file + ": no #pragma once";
    for (const char* word : {"TODO", "FIXME"})
        if (text.find(word) != std::string::npos) return file + ": holds an unfinished thought";
    for (std::size_t at = text.find("docs/"); at != std::string::npos; at = text.find("docs/", at + 1)) {
        const std::string page = text.substr(at, text.find_first_of(" ,;:)\n", at) - at);
        if (page.ends_with(".md") && !fs::exists(fs::path(GATEHOUSE_SOURCE_DIR) / page))
            return file + ": cites no page: " + page;
    }
    for (std::size_t at = text.find("using namespace "); at != std::string::npos;
         at = text.find("using namespace ", at + 1))
        if (text.substr(at, text.find(';', at) - at).find("literals") ==
            std::string::npos)  // literals have no other door
            return file + ": using namespace";
    static const std::regex liboauth2_files("auth/(oidc|liboauth2).*");
    static const std::regex liboauth2_call("\\boauth2_[a-z_]+\\(");
    if (text.find("oauth2_") != std::string::npos && !std::regex_match(file, liboauth2_files) &&
        std::regex_search(text, liboauth2_call))
        return file + ": calls liboauth2 outside of its file";
    static const std::regex starters(coroutine_starters);
    if (text.find("co_spawn(") != std::string::npos && !std::regex_match(file, starters))
        return file + ": starts a coroutine of its own";
    return std::nullopt;
}

struct Include {
    bool is_ours = false;  ///< "…" rather than <…>
    std::string target;
};

/// Without <regex>: the sanitized build takes seconds for it on this much text.
std::vector<Include> includes_of(const std::string& text) {
    std::vector<Include> found;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::erase(line, ' ');
        if (!line.starts_with("#include")) continue;
        const std::size_t end = line.find_first_of("\">", 9);
        if (end != std::string::npos) found.push_back({line[8] == '"', line.substr(9, end - 9)});
    }
    return found;
}

struct Source {
    std::string path;  ///< from the root
    std::string text;
};

std::vector<Source> sources() {
    const fs::path root = GATEHOUSE_SOURCE_DIR;
    std::vector<Source> found;
    for (const char* top : {"gateway", "auth", "policy"}) {
        for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
            const std::string extension = entry.path().extension();
            if (!entry.is_regular_file() || (extension != ".h" && extension != ".cpp")) continue;
            std::ifstream file(entry.path());
            found.push_back({fs::relative(entry.path(), root).generic_string(),
                             std::string(std::istreambuf_iterator<char>(file), {})});
        }
    }
    std::ranges::sort(found, {}, &Source::path);
    return found;
}

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines)
        text.append("\n  ").append(line);
    return text;
}

TEST(Architecture, IncludesPointDownwardsOnly) {
    std::vector<std::string> objections;
    for (const Source& source : sources())
        for (const auto& [is_ours, target] : includes_of(source.text))
            if (is_ours)
                if (const auto objection = objection_to_room(source.path, target)) objections.push_back(*objection);

    EXPECT_TRUE(objections.empty()) << joined(objections);
}

/// A header that the room's CMakeLists.txt generates (embedded scripts).
bool is_made_by_the_build(const fs::path& header) {
    std::ifstream file(header.parent_path() / "CMakeLists.txt");
    const std::string recipe{std::istreambuf_iterator<char>(file), {}};
    return recipe.find(header.filename().string()) != std::string::npos;
}

TEST(Architecture, OurOwnHeadersAreNamedFromTheRoot) {
    const fs::path root = GATEHOUSE_SOURCE_DIR;
    std::vector<std::string> objections;
    for (const Source& source : sources())
        for (const auto& [is_ours, target] : includes_of(source.text))
            if (is_ours && !fs::exists(root / target) && !is_made_by_the_build(root / target))
                objections.push_back(source.path + " includes \"" + target + "\", which is not a path from the root");

    EXPECT_TRUE(objections.empty()) << joined(objections);
}

TEST(Architecture, LibrariesStayInTheirFiles) {
    std::vector<std::string> objections;
    for (const Source& source : sources())
        for (const auto& [is_ours, target] : includes_of(source.text))
            if (!is_ours)
                if (const auto objection = objection_to_library(source.path, target)) objections.push_back(*objection);

    EXPECT_TRUE(objections.empty()) << joined(objections);
}

TEST(Architecture, AHiddenLibraryIsKnownToOneFile) {
    const std::vector<Source> all = sources();
    for (const char* library : hidden_libraries()) {
        std::set<std::string> files;
        for (const Source& source : all)
            for (const auto& [is_ours, target] : includes_of(source.text))
                if (!is_ours && target.starts_with(library)) files.insert(source.path);
        EXPECT_LE(files.size(), 1U) << library << joined({files.begin(), files.end()});
    }
}

TEST(Architecture, EveryFileKeepsTheWrittenRules) {
    std::vector<std::string> objections;
    for (const Source& source : sources())
        if (const auto objection = objection_to_text(source.path, source.text)) objections.push_back(*objection);

    EXPECT_TRUE(objections.empty()) << joined(objections);
}

// The rules themselves, so that a slip in a table or an expression does not pass everything.

TEST(ArchitectureRules, ObjectToEveryArrowThatPointsUpOrAcross) {
    EXPECT_TRUE(objection_to_room("gateway/base/json.cpp", "gateway/http/url.h"));
    EXPECT_TRUE(objection_to_room("auth/token.cpp", "policy/rules.h"));
    EXPECT_TRUE(objection_to_room("policy/rules.cpp", "auth/identity.h"));
    EXPECT_TRUE(objection_to_room("gateway/messages/route.cpp", "gateway/store/redis.h"));
    EXPECT_TRUE(objection_to_room("gateway/messages/route.cpp", "gateway/otlp/settings.h"));
    EXPECT_TRUE(objection_to_room("gateway/upstream/anthropic.cpp", "gateway/net/client.h"));
    EXPECT_TRUE(objection_to_room("gateway/net/server.cpp", "gateway/settings.h"));
    EXPECT_TRUE(objection_to_room("gateway/cli/commands.cpp", "gateway/net/client.h"));
}

TEST(ArchitectureRules, AllowWhatTheTableAllows) {
    EXPECT_FALSE(objection_to_room("gateway/base/json.cpp", "gateway/base/json.h"));
    EXPECT_FALSE(objection_to_room("gateway/store/redis_vault.h", "auth/vault.h"));
    EXPECT_FALSE(objection_to_room("gateway/messages/route.h", "policy/decision.h"));
    EXPECT_FALSE(objection_to_room("gateway/app.cpp", "gateway/store/redis.h"));
    EXPECT_FALSE(objection_to_room("gateway/settings/yaml.cpp", "gateway/otlp/settings.h"));
}

TEST(ArchitectureRules, ObjectToALibraryOutsideOfItsFile) {
    EXPECT_TRUE(objection_to_library("gateway/store/redis_vault.cpp", "hiredis/read.h"));
    EXPECT_TRUE(objection_to_library("auth/login.cpp", "oauth2/oauth2.h"));
    EXPECT_TRUE(objection_to_library("auth/session.cpp", "openssl/evp.h"));
    EXPECT_TRUE(objection_to_library("gateway/http/router.cpp", "boost/beast/http/fields.hpp"));
    EXPECT_TRUE(objection_to_library("gateway/store/redis.cpp", "boost/asio/ip/tcp.hpp"));
    EXPECT_TRUE(objection_to_library("gateway/messages/route.cpp", "boost/asio/co_spawn.hpp"));
    EXPECT_TRUE(objection_to_library("gateway/net/server.cpp", "boost/asio.hpp"));
    EXPECT_TRUE(objection_to_library("gateway/messages/usage.cpp", "simdjson.h"));
    EXPECT_TRUE(objection_to_library("gateway/app.cpp", "yaml-cpp/yaml.h"));
    EXPECT_TRUE(objection_to_library("gateway/main.cpp", "CLI/CLI.hpp"));
    EXPECT_TRUE(objection_to_library("gateway/net/server.cpp", "prometheus/counter.h"));
}

TEST(ArchitectureRules, AllowALibraryInItsFile) {
    EXPECT_FALSE(objection_to_library("gateway/store/redis.cpp", "hiredis/read.h"));
    EXPECT_FALSE(objection_to_library("auth/liboauth2.cpp", "oauth2/oauth2.h"));
    EXPECT_FALSE(objection_to_library("gateway/net/tls.cpp", "openssl/ssl.h"));
    EXPECT_FALSE(objection_to_library("gateway/demo/provider.cpp", "boost/asio/steady_timer.hpp"));
    EXPECT_FALSE(objection_to_library("policy/rules.cpp", "boost/json/object.hpp"));
}

TEST(ArchitectureRules, ObjectToWordsThatDoNotBelong) {
    const std::string head = "// SPDX-License-Identifier: Apache-2.0\n// What it owns.\n#pragma once\n";
    EXPECT_FALSE(objection_to_text("gateway/http/a.h", head));
    EXPECT_TRUE(objection_to_text("gateway/http/a.h", "#pragma once\n"));
    EXPECT_TRUE(objection_to_text("gateway/http/a.h", "// SPDX-License-Identifier: Apache-2.0\n#pragma once\n"));
    EXPECT_TRUE(objection_to_text("gateway/http/a.h", head + "// TODO: later\n"));
    EXPECT_TRUE(objection_to_text("gateway/http/a.h", head + "using namespace std;\n"));
    EXPECT_TRUE(objection_to_text("gateway/http/a.h", head + "// docs/decisions/0000-never-written.md\n"));
    EXPECT_FALSE(objection_to_text("gateway/http/a.h", head + "// docs/decisions/0002-compiler.md\n"));
    EXPECT_TRUE(objection_to_text("auth/session.cpp", head + "oauth2_token_verify(x);\n"));
    EXPECT_TRUE(objection_to_text("gateway/otlp/route.cpp", head + "asio::co_spawn(x, y, z);\n"));
}

TEST(ArchitectureRules, SeeEveryIncludeOfAText) {
    const auto found = includes_of("#include <a/b.h>\n  # include \"c/d.h\"\nint x;  // #include <no>\n#include <e>\n");

    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0].target, "a/b.h");
    EXPECT_TRUE(found[1].is_ours);
    EXPECT_EQ(found[2].target, "e");
}

TEST(ArchitectureRules, FindTheSourcesAtAll) {
    EXPECT_GT(sources().size(), 50U);
}

}  // namespace
}  // namespace gatehouse
