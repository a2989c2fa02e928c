// SPDX-License-Identifier: Apache-2.0
#include "gateway/base/timestamp.h"

#include <chrono>
#include <cstddef>

namespace gatehouse {
namespace {

/// Takes what it reads from the front; once something did not fit, `good` stays false.
struct Reader {
    std::string_view rest;
    bool good = true;

    int number(std::size_t digits) {
        int value = 0;
        for (std::size_t index = 0; index < digits; ++index)
            value = value * 10 + digit();
        return value;
    }
    int digit() {
        if (rest.empty() || rest.front() < '0' || rest.front() > '9') {
            good = false;
            return 0;
        }
        const int value = rest.front() - '0';
        rest.remove_prefix(1);
        return value;
    }
    /// Whether the next letter is one of these; takes it.
    bool accept(std::string_view letters) {
        if (rest.empty() || letters.find(rest.front()) == std::string_view::npos) return false;
        rest.remove_prefix(1);
        return true;
    }
    void expect(std::string_view letters) { good = accept(letters) && good; }
    std::chrono::milliseconds fraction() {
        int value = 0;
        int scale = 100;
        do {
            value += digit() * scale;
            scale /= 10;
        } while (good && !rest.empty() && rest.front() >= '0' && rest.front() <= '9');
        return std::chrono::milliseconds(value);
    }
    std::chrono::minutes offset() {
        if (accept("Zz")) return {};
        const bool west = !rest.empty() && rest.front() == '-';
        expect("+-");
        const int hours = number(2);
        expect(":");
        const int minutes = number(2);
        good = good && hours < 24 && minutes < 60;
        const std::chrono::minutes total(hours * 60 + minutes);
        return west ? -total : total;
    }
};

}  // namespace

// Every line of the logs has one: no format is interpreted for it.
std::string to_timestamp(Instant when) {
    const auto day = std::chrono::floor<std::chrono::days>(when);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{when - day};
    std::string text = "0000-00-00T00:00:00.000Z";
    const auto put = [&](std::size_t at, std::size_t digits, auto number) {
        for (; digits > 0; number /= 10)
            text[at + --digits] = static_cast<char>('0' + number % 10);
    };
    put(0, 4, static_cast<int>(date.year()));
    put(5, 2, static_cast<unsigned>(date.month()));
    put(8, 2, static_cast<unsigned>(date.day()));
    put(11, 2, time.hours().count());
    put(14, 2, time.minutes().count());
    put(17, 2, time.seconds().count());
    put(20, 3, time.subseconds().count());
    return text;
}

std::optional<Instant> parse_timestamp(std::string_view text) {
    Reader reader{text};
    const int year = reader.number(4);
    reader.expect("-");
    const int month = reader.number(2);
    reader.expect("-");
    const int day = reader.number(2);
    reader.expect("Tt");
    const int hour = reader.number(2);
    reader.expect(":");
    const int minute = reader.number(2);
    reader.expect(":");
    const int second = reader.number(2);
    std::chrono::milliseconds fraction{0};
    if (reader.accept(".")) fraction = reader.fraction();
    const std::chrono::minutes offset = reader.offset();
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!reader.good || !reader.rest.empty() || !date.ok() || hour > 23 || minute > 59 || second > 59)
        return std::nullopt;
    return Instant{std::chrono::sys_days{date}} + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(second) + fraction - offset;
}

}  // namespace gatehouse
