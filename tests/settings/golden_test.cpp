// SPDX-License-Identifier: Apache-2.0
// Each cases/<name>.yaml against cases/<name>.expected, the lines that `gatehouse check` prints. Files that begin with
// good_ are accepted. GATEHOUSE_UPDATE_GOLDEN=1 writes the expectations anew; the review of the difference decides.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "gateway/settings.h"
#include "tests/settings/environment.h"

namespace gatehouse {
namespace {

namespace fs = std::filesystem;

const fs::path directory = fs::path(GATEHOUSE_SOURCE_DIR) / "tests/settings/cases";

std::string read(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::vector<std::string> case_names() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory))
        if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
    std::ranges::sort(names);
    return names;
}

class SettingsGolden : public ::testing::TestWithParam<std::string> {};

TEST_P(SettingsGolden, PrintsOneLinePerFault) {
    const fs::path expected = directory / (GetParam() + ".expected");
    const std::string file = GetParam() + ".yaml";

    const auto settings = load_settings((directory / file).string(), testing::environment_with());

    const std::string lines = settings ? "" : format_problems(file, settings.error());
    if (std::getenv("GATEHOUSE_UPDATE_GOLDEN") != nullptr) std::ofstream(expected, std::ios::binary) << lines;
    ASSERT_TRUE(fs::exists(expected));
    EXPECT_EQ(lines, read(expected));
    EXPECT_EQ(settings.has_value(), GetParam().starts_with("good_"));
    for (const std::string_view secret : {"hunter2", "s3cr3t", "0123456789abcdef"})
        EXPECT_EQ(lines.find(secret), std::string::npos) << "a secret in a message";
}

INSTANTIATE_TEST_SUITE_P(Cases, SettingsGolden, ::testing::ValuesIn(case_names()),
                         [](const auto& which) { return which.param; });

}  // namespace
}  // namespace gatehouse
