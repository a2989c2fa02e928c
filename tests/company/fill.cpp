// SPDX-License-Identifier: Apache-2.0
// fill_company DIR: puts a big company into the embedded store of a gateway that does not run now. For tests/e2e.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <exception>

#include "gateway/store/embedded.h"
#include "tests/company/company.h"

int main(int count, char** words) {
    using namespace gatehouse;
    if (count != 2) {
        std::fputs("usage: fill_company <directory of an embedded store>\n", stderr);
        return 2;
    }
    auto server = store::EmbeddedRedis::start(words[1]);
    if (!server) {
        std::fprintf(stderr, "%s\n", describe(server.error()).c_str());
        return 1;
    }
    boost::asio::io_context context(1);
    store::RedisClient redis(context.get_executor(), (*server)->settings());
    Result<> filled = fail(Error{});
    boost::asio::co_spawn(context, testing::Company::fill(redis, SystemClock().now()),
                          [&](const std::exception_ptr&, const Result<>& done) {
                              filled = done;
                              redis.stop();
                              context.stop();
                          });
    context.run();
    if (!filled) std::fprintf(stderr, "%s\n", describe(filled.error()).c_str());
    (*server)->stop();
    return filled ? 0 : 1;
}
