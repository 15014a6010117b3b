// Tries a reader on its corpus, then on damaged inputs, the same ones every time. After a crash the
// last line names the round; `fuzz_NAME ROUND` tries it alone, for a debugger, and `fuzz_NAME FIRST
// COUNT` goes on where the rounds of the test end.

#include <fmt/core.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "core/error.h"
#include "jobs/random/random_stream.h"
#include "tests/fuzz/fuzz.h"

namespace xorch::fuzz {

namespace {

constexpr std::uint64_t seed = 1;
// What a reader may use in all for inputs of a few kilobytes; a sanitizer's own memory is part of
// it.
constexpr long memory_max_kib = 1'000'000;

// Numbers that readers stumble over, as text and as bytes.
constexpr std::array<std::string_view, 10> numbers{
    "0",
    "-1",
    "65536",
    "2147483648",
    "4294967295",
    "99999999999999999999",
    "1e308",
    "nan",
    "-inf",
    ""};
constexpr std::array<unsigned char, 6> bytes_to_set{0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff};

std::size_t place(RandomStream& random, const std::string& input) {
    return static_cast<std::size_t>(random.below(input.size() + 1));
}

// Some bytes from there on.
std::size_t length(RandomStream& random, const std::string& input, std::size_t at) {
    return std::min<std::size_t>(static_cast<std::size_t>(random.below(16)), input.size() - at);
}

void replace_a_number(std::string& input, std::size_t at, RandomStream& random) {
    const std::size_t begin = input.find_first_of("0123456789", at);
    if (begin == std::string::npos) return;
    const std::size_t end = std::min(input.find_first_not_of("0123456789", begin), input.size());
    input.replace(begin, end - begin, numbers[random.below(numbers.size())]);
}

void damage(std::string& input, const std::string& another, RandomStream& random) {
    const std::size_t at = place(random, input);
    const std::size_t count = length(random, input, at);
    switch (random.below(8)) {
        case 0:
            if (at < input.size()) input[at] = static_cast<char>(input[at] ^ 1 << random.below(8));
            break;
        case 1:
            std::fill_n(
                input.begin() + static_cast<std::ptrdiff_t>(at),
                std::min<std::size_t>(count, 4),
                static_cast<char>(bytes_to_set[random.below(bytes_to_set.size())])
            );
            break;
        case 2:
            input.erase(at, count);
            break;
        case 3:
            input.insert(at, std::string(input, at, count));
            break;
        case 4:
            input.insert(at, 1, static_cast<char>(random.below(256)));
            break;
        case 5:
            input.resize(at);
            break;
        case 6:
            replace_a_number(input, at, random);
            break;
        default: {
            const std::size_t from = place(random, another);
            input.insert(at, another, from, length(random, another, from));
        }
    }
}

std::string make_input(const std::vector<std::string>& seeds, std::size_t round) {
    if (round < seeds.size()) return seeds[round];
    RandomStream random(seed, "fuzz", {static_cast<std::int64_t>(round)});
    std::string input = seeds[random.below(seeds.size())];
    const std::string& another = seeds[random.below(seeds.size())];
    const std::uint64_t times = 1 + random.below(6);
    for (std::uint64_t i = 0; i < times; ++i) {
        damage(input, another, random);
    }
    return input;
}

// Written by a signal's handler, which may not format.
std::array<char, 64> where{};

void say_where(int signal) {
    const auto written = write(STDERR_FILENO, where.data(), std::strlen(where.data()));
    static_cast<void>(written);
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

int run(std::size_t first, std::size_t end) {
    for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTERM}) {
        std::signal(signal, say_where);
    }
    const std::vector<std::string> seeds = corpus();
    std::size_t accepted = 0;
    for (std::size_t round = first; round < end; ++round) {
        const auto put = fmt::format_to_n(where.data(), where.size() - 1, "round {}\n", round);
        *put.out = '\0';
        const bool taken = try_input(make_input(seeds, round));
        XORCH_CHECK(taken || round >= seeds.size(), "an input of the corpus is refused");
        accepted += taken ? 1 : 0;
    }
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    fmt::print(
        "{} inputs, {} accepted, {} KiB of memory\n", end - first, accepted, usage.ru_maxrss
    );
    if (usage.ru_maxrss <= memory_max_kib) return 0;
    fmt::print("more than {} KiB\n", memory_max_kib);
    return 1;
}

}  // namespace

}  // namespace xorch::fuzz

int main(int count, char** arguments) {
    const auto number = [&](int at, std::size_t value) {
        return at < count ? std::strtoull(arguments[at], nullptr, 10) : value;
    };
    const std::size_t first = number(1, 0);
    const std::size_t rounds = number(2, count < 2 ? xorch::fuzz::rounds() : 1);
    return xorch::fuzz::run(first, first + rounds);
}
