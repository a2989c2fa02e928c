// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/csv.h"

#include <gtest/gtest.h>

namespace gatehouse::admin {
namespace {

std::string written(std::string_view text) {
    std::string out;
    CsvWriter csv(out);
    csv.text(text);
    csv.end_row();
    return out;
}

TEST(CsvWriter, SeparatesFieldsAndEndsRowsAsRfc4180Says) {
    std::string out;
    CsvWriter csv(out);
    csv.text("a");
    csv.number(-5);
    csv.nothing();
    csv.number("0.10");
    csv.end_row();
    csv.nothing();
    csv.text("b");
    csv.end_row();

    EXPECT_EQ(out, "a,-5,,0.10\r\n,b\r\n");
}

TEST(CsvWriter, QuotesWhatWouldEndAField) {
    EXPECT_EQ(written("a,b"), "\"a,b\"\r\n");
    EXPECT_EQ(written("say \"hi\""), "\"say \"\"hi\"\"\"\r\n");
    EXPECT_EQ(written("two\nlines"), "\"two\nlines\"\r\n");
    EXPECT_EQ(written("cr\rhere"), "\"cr\rhere\"\r\n");
}

/// A person who may choose a project's name must not run a formula on the controller's machine.
TEST(CsvWriter, DefusesFormulas) {
    EXPECT_EQ(written("=HYPERLINK(\"http://evil\")"), "\"'=HYPERLINK(\"\"http://evil\"\")\"\r\n");
    EXPECT_EQ(written("+1"), "\"'+1\"\r\n");
    EXPECT_EQ(written("-1"), "\"'-1\"\r\n");
    EXPECT_EQ(written("@SUM(A1)"), "\"'@SUM(A1)\"\r\n");
    EXPECT_EQ(written("\t=1"), "\"'\t=1\"\r\n");
    EXPECT_EQ(written("\r=1"), "\"'\r=1\"\r\n");
    EXPECT_EQ(written("a=1"), "a=1\r\n");
    EXPECT_EQ(written(""), "\r\n");
}

std::vector<std::vector<std::string>> read(std::string_view text) {
    const auto rows = parse_csv(text);
    EXPECT_TRUE(rows) << rows.error().message;
    std::vector<std::vector<std::string>> fields;
    for (const CsvRow& row : rows.value_or(std::vector<CsvRow>{}))
        fields.push_back(row.fields);
    return fields;
}

using Rows = std::vector<std::vector<std::string>>;

TEST(CsvReader, ReadsWhatTheWriterWrote) {
    for (const std::string_view text : {"plain", "a,b", "say \"hi\"", "two\r\nlines", "", "ä"}) {
        std::string out;
        CsvWriter csv(out);
        csv.text("first");
        csv.text(text);
        csv.end_row();
        EXPECT_EQ(read(out), (Rows{{"first", std::string(text)}}));
    }
}

TEST(CsvReader, TakesEitherLineEndAByteOrderMarkAndNoLastLineEnd) {
    EXPECT_EQ(read("\xEF\xBB\xBF"
                   "a,b\r\n1,2\n3,4"),
              (Rows{{"a", "b"}, {"1", "2"}, {"3", "4"}}));
    EXPECT_EQ(read("a\n\n1\r\n\r\n"), (Rows{{"a"}, {"1"}}));
    EXPECT_EQ(read("a,b\n,\n1,"), (Rows{{"a", "b"}, {"", ""}, {"1", ""}}));
    EXPECT_TRUE(read("").empty());
}

TEST(CsvReader, NamesTheLineThatIsWrong) {
    const auto message = [](std::string_view text) {
        const auto rows = parse_csv(text);
        return rows ? std::string() : rows.error().message;
    };
    EXPECT_EQ(message("a,b\n1\n"), "body: line 2 has 1 fields where the first has 2");
    EXPECT_EQ(message("a\n\"x\ny\"\nb\"c\n"), "body: line 4 has a quote inside of a field that is not quoted");
    EXPECT_EQ(message("a\n\"x\n"), "body: line 2 has a quote that is never closed");
    EXPECT_EQ(message("a\n\"x\"y\n"), "body: line 2 goes on behind a closing quote");
}

}  // namespace
}  // namespace gatehouse::admin
