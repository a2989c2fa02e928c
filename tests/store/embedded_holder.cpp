// SPDX-License-Identifier: Apache-2.0
// A gateway in miniature for embedded_test: starts the embedded Redis of a directory, says its pid, and waits to be
// killed.
#include <unistd.h>

#include <cstdio>

#include "gateway/store/embedded.h"

int main(int count, char** arguments) {
    if (count != 2) return 2;
    const auto redis = gatehouse::store::EmbeddedRedis::start(arguments[1]);
    if (!redis) {
        std::printf("%s\n", gatehouse::describe(redis.error()).c_str());
        std::fflush(stdout);
        return 1;
    }
    std::printf("%d\n", static_cast<int>((*redis)->pid()));
    std::fflush(stdout);
    for (;;)
        ::pause();
}
