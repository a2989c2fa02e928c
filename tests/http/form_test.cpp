// SPDX-License-Identifier: Apache-2.0
#include "gateway/http/form.h"

#include <gtest/gtest.h>

namespace gatehouse::http {
namespace {

TEST(Form, DecodesNamesAndValues) {
    const Form form = Form::parse("a=1&b=two+words&c%20d=%C3%A4%26%3d&empty=&bare");
    EXPECT_EQ(form.value("a"), "1");
    EXPECT_EQ(form.value("b"), "two words");
    EXPECT_EQ(form.value("c d"), "ä&=");
    EXPECT_EQ(form.find("empty"), "");
    EXPECT_EQ(form.find("bare"), "");
    EXPECT_FALSE(form.find("absent"));
    EXPECT_EQ(form.value("absent"), "");
}

TEST(Form, GivesNothingForARepeatedName) {
    const Form form = Form::parse("a=1&b=2&a=3");
    EXPECT_FALSE(form.find("a"));
    EXPECT_EQ(form.value("b"), "2");
}

TEST(Form, GivesEveryValueOfANameThatIsMadeToBeRepeated) {
    const Form form = Form::parse("id%5B%5D=b&x=1&id[]=a&id[]=b");
    EXPECT_EQ(form.all("id[]"), (std::vector<std::string>{"b", "a", "b"}));
    EXPECT_TRUE(form.all("id").empty());
}

TEST(Form, KeepsMalformedEscapesAsWritten) {
    const Form form = Form::parse("a=%&b=%4&c=%zz&d=100%25");
    EXPECT_EQ(form.value("a"), "%");
    EXPECT_EQ(form.value("b"), "%4");
    EXPECT_EQ(form.value("c"), "%zz");
    EXPECT_EQ(form.value("d"), "100%");
}

TEST(Form, IgnoresEmptyPairsAndSplitsAtTheFirstEquals) {
    const Form form = Form::parse("&&a=1=2&&");
    EXPECT_EQ(form.value("a"), "1=2");
    EXPECT_FALSE(form.find(""));
}

TEST(Form, StopsAfterSixtyFourFields) {
    std::string text;
    for (int number = 0; number < 100; ++number)
        text += "f" + std::to_string(number) + "=x&";
    const Form form = Form::parse(text);
    EXPECT_EQ(form.value("f63"), "x");
    EXPECT_FALSE(form.find("f64"));
    EXPECT_FALSE(form.is_complete());
    EXPECT_TRUE(Form::parse("a=1&&").is_complete());
}

TEST(Form, KeepsAsManyFieldsAsItIsTold) {
    EXPECT_EQ(Form::parse("a=1&a=2&a=3", 2).all("a"), (std::vector<std::string>{"1", "2"}));
}

TEST(EncodeForm, RoundTripsEveryByte) {
    std::string every;
    for (int byte = 0; byte < 256; ++byte)
        every.push_back(static_cast<char>(byte));
    const std::string text = encode_form({{"a&b", every}, {"c", ""}});
    EXPECT_EQ(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%&="),
              std::string::npos);
    const Form form = Form::parse(text);
    EXPECT_EQ(form.value("a&b"), every);
    EXPECT_EQ(form.find("c"), "");
}

TEST(PercentEncode, LeavesUnreservedCharactersAlone) {
    EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
    EXPECT_EQ(percent_encode("a b+/\n"), "a%20b%2B%2F%0A");
}

TEST(PercentDecode, UndoesPercentEncodeAndLeavesThePlusAlone) {
    EXPECT_EQ(percent_decode("a%20b%2b+%2F"), "a b++/");
    EXPECT_EQ(percent_decode(""), "");
}

TEST(PercentDecode, RefusesAMalformedEscape) {
    for (const char* text : {"%", "a%2", "%zz", "%2z", "100%"})
        EXPECT_FALSE(percent_decode(text)) << text;
}

}  // namespace
}  // namespace gatehouse::http
