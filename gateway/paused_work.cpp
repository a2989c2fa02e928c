// SPDX-License-Identifier: Apache-2.0
#include "gateway/paused_work.h"

#include <algorithm>
#include <utility>

#include "auth/service_key.h"

namespace gatehouse {
namespace {

/// Whom somebody answers for: subjects, with the name of the service key that one is.
struct Charge {
    std::string user;
    std::string service_key;
};

/// An owner is written down in words: an address, or a subject.
std::vector<Charge> in_charge(const auth::Authenticator& authenticator, const auth::Person& person) {
    std::vector<Charge> result{{person.subject, {}}};
    for (const std::string& owner : {person.email, person.subject}) {
        if (owner.empty()) continue;
        for (const auth::ServiceKey& key : authenticator.service_keys_owned_by(owner))
            if (std::ranges::find(result, auth::service_subject(key.id), &Charge::user) == result.end())
                result.push_back({auth::service_subject(key.id), key.name});
    }
    return result;
}

}  // namespace

Task<std::vector<auth::PausedItem>> PausedWorkHere::of(auth::Person person) {
    std::vector<auth::PausedItem> items;
    for (const Charge& charge : in_charge(authenticator_, person)) {
        const auto paused = co_await sessions_.of(charge.user);
        if (!paused) co_return fail(paused.error());
        for (const policy::PausedSession& each : *paused)
            items.push_back({each.user, each.session, charge.service_key, each.since, policy::why_paused(each)});
    }
    co_return items;
}

Task<bool> PausedWorkHere::resume(auth::Person person, std::string user, std::string session) {
    const auto charges = in_charge(authenticator_, person);
    if (std::ranges::find(charges, user, &Charge::user) == charges.end()) co_return false;
    co_return co_await sessions_.resume(std::move(user), std::move(session));
}

}  // namespace gatehouse
