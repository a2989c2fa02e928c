// SPDX-License-Identifier: Apache-2.0
#include "policy/utilization.h"

#include <algorithm>

namespace gatehouse::policy {
namespace {

/// Wide enough for any amount times a hundred.
__extension__ using Wide = __int128;

std::string hundredths(std::int64_t count) {
    std::string text = std::to_string(count / 100);
    if (count % 100 == 0) return text;
    text += '.';
    text += std::to_string(count % 100 / 10);
    if (count % 10 != 0) text += std::to_string(count % 10);
    return text;
}

std::int64_t narrowed(Wide value) {
    return static_cast<std::int64_t>(std::min<Wide>(value, Money::most().nano()));
}

}  // namespace

std::int64_t Utilization::percent() const {
    if (amount <= Money()) return 100;
    const Wide part = std::max(spent, Money()).nano();
    return narrowed((part * 200 + amount.nano()) / (Wide{2} * amount.nano()));
}

bool Utilization::is_past(std::int64_t percents) const {
    return amount <= Money() || Wide{spent.nano()} * 100 > Wide{amount.nano()} * percents;
}

std::string Utilization::to_text() const {
    return hundredths(percent());
}

std::string Utilization::to_text_below_one() const {
    return hundredths(std::min<std::int64_t>(percent(), 99));
}

bool Utilization::operator<(const Utilization& other) const {
    const Wide left = amount <= Money() ? Wide{1} : Wide{spent.nano()};
    const Wide left_of = amount <= Money() ? Wide{1} : Wide{amount.nano()};
    const Wide right = other.amount <= Money() ? Wide{1} : Wide{other.spent.nano()};
    const Wide right_of = other.amount <= Money() ? Wide{1} : Wide{other.amount.nano()};
    return left * right_of < right * left_of;
}

std::optional<Described> fullest(const std::vector<Limit>& limits, const std::vector<Standing>& standings,
                                 Instant now) {
    std::optional<Described> best;
    for (std::size_t index = 0; index < limits.size() && index < standings.size(); ++index) {
        if (limits[index].pool) continue;
        const Described one{
            index, {standings[index].spent, limits[index].amount}, period_end(limits[index].period, now)};
        const bool fuller = !best || best->utilization < one.utilization;
        const bool as_full = best && !(best->utilization < one.utilization) && !(one.utilization < best->utilization);
        if (fuller || (as_full && limits[index].period < limits[best->limit].period)) best = one;
    }
    return best;
}

std::optional<Described> last_to_reset(const std::vector<Limit>& limits, const std::vector<Standing>& standings,
                                       Instant now) {
    std::optional<Described> last;
    for (std::size_t index = 0; index < limits.size() && index < standings.size(); ++index) {
        const Described one{
            index, {standings[index].spent, limits[index].amount}, period_end(limits[index].period, now)};
        if (!one.utilization.is_reached()) continue;
        const bool later = !last || one.resets_at > last->resets_at;
        const bool own = last && one.resets_at == last->resets_at && limits[last->limit].pool && !limits[index].pool;
        if (later || own) last = one;
    }
    return last;
}

}  // namespace gatehouse::policy
