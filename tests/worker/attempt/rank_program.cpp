// What each rank of the tests' gangs runs first: `xorch rank` without the rest of xorch.

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "core/io/process.h"
#include "worker/rank/rank_process.h"

int main(int argc, char** argv) {
    if (argc != 3) return EXIT_FAILURE;
    const auto ended = xorch::run_rank(argv[2], xorch::current_environment());
    if (ended) return *ended;
    fmt::print(stderr, "{}\n", ended.error().message);
    return EXIT_FAILURE;
}
