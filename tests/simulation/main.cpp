// xorch_simulate: runs simulated clusters by seed. tools/simulate builds and calls it.

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/planted.h"
#include "tests/simulation/world.h"

namespace xorch::simulation {
namespace {

constexpr const char* usage =
    "usage: xorch_simulate --seeds A..B [--on local|slurm] [--jobs N] [--twice] [--keep-going]\n"
    "       xorch_simulate --seed N [--trace] [--twice]\n"
    "       xorch_simulate --bugs\n"
    "A seed draws its world: --on passes over seeds whose sweep runs elsewhere.\n"
    "Where bugs are built in (XORCH_PLANTED_BUGS), --bugs lists them and --plant NAME switches "
    "one\n"
    "on.\n"
    "example: xorch_simulate --seeds 1..5000 --jobs 2\n";

struct Options {
    std::uint64_t first = 1;
    std::uint64_t last = 0;
    unsigned jobs = 1;
    bool trace = false;
    bool twice = false;       // each seed again, with the same trace
    bool keep_going = false;  // after the first seed that fails
    std::optional<BackendKind> on;
};

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
    return number;
}

bool parse_seeds(std::string_view text, Options& options) {
    const std::size_t dots = text.find("..");
    const auto first = parse_number(text.substr(0, dots));
    const auto last = dots == std::string_view::npos ? first : parse_number(text.substr(dots + 2));
    if (!first || !last || *last < *first) return false;
    options.first = *first;
    options.last = *last;
    return true;
}

std::optional<Options> parse(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        if (name == "--trace") {
            options.trace = true;
        } else if (name == "--twice") {
            options.twice = true;
        } else if (name == "--keep-going") {
            options.keep_going = true;
        } else if (i + 1 < argc && name == "--plant") {
            if (!planted::plant(argv[++i])) return std::nullopt;
        } else if (i + 1 < argc && (name == "--seeds" || name == "--seed")) {
            if (!parse_seeds(argv[++i], options)) return std::nullopt;
        } else if (i + 1 < argc && name == "--on") {
            const std::string_view where = argv[++i];
            if (where != "local" && where != "slurm") return std::nullopt;
            options.on = where == "slurm" ? BackendKind::slurm : BackendKind::local;
        } else if (i + 1 < argc && name == "--jobs") {
            const auto jobs = parse_number(argv[++i]);
            if (!jobs || *jobs == 0 || *jobs > 256) return std::nullopt;
            options.jobs = static_cast<unsigned>(*jobs);
        } else {
            return std::nullopt;
        }
    }
    if (options.last == 0) return std::nullopt;
    return options;
}

std::string describe(const Draw& draw) {
    const Sweep& sweep = draw.scenario.sweep;
    const bool on_slurm = sweep.backend == BackendKind::slurm;
    const bool in_jobs = sweep.slurm.place == SlurmPlace::allocation;
    const std::string place = on_slurm ? fmt::format(
                                             "on Slurm in {} lanes at most, coordinators {}",
                                             sweep.slurm.max_allocations,
                                             in_jobs ? "in jobs" : "on hosts"
                                         )
                                       : "local";
    return fmt::format(
        "{}, {} stages, {}{} cpus, faults until {} s: {}",
        place,
        sweep.stages.size(),
        draw.scenario.nodes > 0 ? fmt::format("gangs on {} nodes, ", draw.scenario.nodes) : "",
        draw.scenario.capacity.cpus,
        draw.faults.last.count() / 1'000,
        describe_faults(draw.faults, on_slurm)
    );
}

bool run_seed(std::uint64_t seed, const Options& options) {
    const Draw draw = draw_world(seed);
    if (options.on && *options.on != draw.scenario.sweep.backend) return true;
    if (options.trace) fmt::print("seed {}: {}\n", seed, describe(draw));
    RunResult result = World(draw, options.trace).run();
    if (result.passed && options.twice) {
        const RunResult again = World(draw, false).run();
        if (again.trace_hash != result.trace_hash) {
            result.passed = false;
            result.problem = "the second run went another way";
        }
    }
    if (options.trace || !result.passed) {
        fmt::print(
            "seed {}: {} ({} events, trace {:016x})\n",
            seed,
            result.passed ? "passed" : result.problem,
            result.events,
            result.trace_hash
        );
    }
    if (!result.passed) {
        if (!options.trace) fmt::print("its world: {}\n", describe(draw));
        fmt::print("again: xorch_simulate --seed {} --trace\n", seed);
    }
    std::fflush(stdout);
    return result.passed;
}

// Seeds first + share, first + share + jobs, ...; true if all passed.
bool run_share(const Options& options, unsigned share) {
    bool passed = true;
    for (std::uint64_t seed = options.first + share; seed <= options.last; seed += options.jobs) {
        passed = run_seed(seed, options) && passed;
        if (!passed && !options.keep_going) return false;
    }
    return passed;
}

int run_all(const Options& options) {
    if (options.jobs == 1) return run_share(options, 0) ? 0 : 1;
    std::vector<pid_t> children;
    for (unsigned share = 0; share < options.jobs; ++share) {
        const pid_t child = fork();
        if (child == 0) std::_Exit(run_share(options, share) ? 0 : 1);
        if (child < 0) {
            std::perror("fork");
            break;
        }
        children.push_back(child);
    }
    bool passed = children.size() == options.jobs;
    for (const pid_t child : children) {
        int status = 0;
        waitpid(child, &status, 0);
        if (WIFSIGNALED(status)) {
            fmt::print("a simulation died of signal {}\n", WTERMSIG(status));
        }
        passed = passed && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    return passed ? 0 : 1;
}

}  // namespace
}  // namespace xorch::simulation

int main(int argc, char** argv) {
    if (argc == 2 && std::string_view(argv[1]) == "--bugs") {
        for (const std::string_view name : xorch::planted::names())
            fmt::print("{}\n", name);
        return 0;
    }
    const auto options = xorch::simulation::parse(argc, argv);
    if (!options) {
        std::fputs(xorch::simulation::usage, stderr);
        return 2;
    }
    const int code = xorch::simulation::run_all(*options);
    if (code == 0) {
        fmt::print("{} seeds passed\n", options->last - options->first + 1);
    }
    return code;
}
