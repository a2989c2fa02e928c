// SPDX-License-Identifier: Apache-2.0
#include "auth/paused_work.h"

#include <utility>

namespace gatehouse::auth {

Task<> resume_own(PausedWork& work, Person person, std::string user, std::string session) {
    const auto resumed = co_await work.resume(std::move(person), std::move(user), std::move(session));
    if (!resumed) co_return fail(resumed.error());
    if (!*resumed)
        co_return fail(
            Error::not_found(Reason::not_found, "You have no such paused session. It may go on already: try it."));
    co_return Result<>{};
}

}  // namespace gatehouse::auth
