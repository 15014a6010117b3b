// xorch-runner: native units for an agent, and what else needs LibTorch or OpenCV. Users call it
// through xorch.

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "jobs/declaration.h"
#include "jobs/files/image_threads.h"
#include "jobs/runner/devices.h"
#include "jobs/runner/gang.h"
#include "jobs/runner/native_jobs.h"
#include "jobs/runner/serve.h"
#include "jobs/torch/environment.h"
#include "jobs/torch/failure.h"

namespace {

using namespace xorch;

constexpr int usage_error = 2;

constexpr std::string_view usage =
    "xorch-runner executes native units for xorch; it is started by it.\n"
    "  xorch-runner serve GROWTH_BYTES          units over the socket on descriptor 0\n"
    "  xorch-runner gang SOCKET [PATIENCE_MS]   one rank of a unit, started by mpirun or srun\n"
    "  xorch-runner data list                   makers of synthetic data\n"
    "  xorch-runner data make NAME DIR SEED     files of one of them\n"
    "  xorch-runner devices                     what it has for units of several ranks\n"
    "  xorch-runner env THREADS                 what the bits of results depend on\n";

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

Result<void> make_data(std::string_view name, const std::string& directory, std::uint64_t seed) {
    for (const DataMaker& maker : data_makers()) {
        if (maker.name != name) continue;
        std::error_code error;
        std::filesystem::create_directories(directory, error);
        const bool empty = !error && std::filesystem::is_empty(directory, error);
        if (error) return fail_from_errno("making " + directory, error.value());
        if (!empty) return fail(ErrorCode::conflict, directory + " is not empty");
        return maker.make(directory, seed);
    }
    return fail(ErrorCode::usage, fmt::format("there is no maker of data named \"{}\"", name));
}

int list_data() {
    for (const DataMaker& maker : data_makers())
        fmt::print("{}\t{}\n", maker.name, maker.doc);
    return EXIT_SUCCESS;
}

void begin_unit(std::uint32_t seed, std::uint32_t threads) {
    begin_torch_unit(seed, threads);
    set_image_threads(threads);
}

RunnerEquipment equipment() {
    return {
        .declarations = job_declarations(),
        .jobs = native_jobs(),
        .begin_unit = begin_unit,
        .env_key = torch_env_key,
        .describe = describe_torch_failure,
        .has_gpu = torch_has_gpu};
}

int serve_agent(std::uint64_t growth_max) {
    RunnerEquipment with_limit = equipment();
    with_limit.growth_max = growth_max;
    return serve_parent(with_limit);
}

int serve_rank(const std::vector<std::string_view>& words) {
    GangEntry entry{.socket = std::string(words[1])};
    if (words.size() == 2) return serve_gang(entry, equipment());
    const auto patience = parse_number(words[2]);
    if (!patience || *patience == 0) return usage_error;
    entry.patience = Millis(*patience);
    return serve_gang(entry, equipment());
}

int run(const std::vector<std::string_view>& words) {
    const bool is_data = words.size() > 1 && words[0] == "data";
    if (is_data && words[1] == "list" && words.size() == 2) return list_data();
    if (words.size() == 1 && words[0] == "devices") {
        fmt::print("{}", describe_devices());
        return EXIT_SUCCESS;
    }
    const bool is_gang = !words.empty() && words[0] == "gang";
    if (is_gang && (words.size() == 2 || words.size() == 3)) return serve_rank(words);
    const auto number = words.empty() ? std::nullopt : parse_number(words.back());
    if (number && words.size() == 2 && words[0] == "serve") return serve_agent(*number);
    if (number && words.size() == 2 && words[0] == "env") {
        fmt::print("{}\n", torch_env_key(static_cast<std::uint32_t>(*number)));
        return EXIT_SUCCESS;
    }
    if (number && is_data && words[1] == "make" && words.size() == 5) {
        const auto made = make_data(words[2], std::string(words[3]), *number);
        if (made) return EXIT_SUCCESS;
        fmt::print(stderr, "xorch: {}\n", made.error().message);
        return made.error().code == ErrorCode::usage ? usage_error : EXIT_FAILURE;
    }
    fmt::print(stderr, "{}", usage);
    return usage_error;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run({argv + 1, argv + argc});
    } catch (...) {
        const JobFailure failure = describe_torch_failure(std::current_exception());
        fmt::print(stderr, "xorch-runner: {}\n", failure.message);
        return EXIT_FAILURE;
    }
}
