#include "worker/attempt/steps/gang_judgement.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "core/runner_messages.h"
#include "worker/gang/rank_end.h"

namespace xorch {

namespace {

// How srun says of a task, after its node and number, that the kernel ended it together with what
// would have told so.
constexpr std::string_view slurm_memory_words = "Out Of Memory";

// The launcher's first complaint names node and rank of one that had no chance to speak; those that
// follow are about the ranks that ended with it.
std::string words_of(std::string_view launcher, std::string_view output) {
    const std::string_view complaint =
        launcher == "srun" ? "srun: error: " : "mpirun noticed that ";
    while (!output.empty()) {
        const std::size_t end = std::min(output.find('\n'), output.size());
        const std::string_view line = output.substr(0, end);
        output.remove_prefix(std::min(end + 1, output.size()));
        if (line.starts_with(complaint)) return std::string(line);
    }
    return "";
}

// No rank spoke of itself, but not all is well.
std::string launcher_failed(const FinishRequest& request) {
    const std::string& launcher = request.gang->launcher;
    const ExitFacts& facts = request.facts;
    if (facts.signal != 0) {
        return fmt::format(
            "{}, which ran its ranks, was killed by signal {}; they ended with it",
            launcher,
            facts.signal
        );
    }
    const std::string said = words_of(launcher, request.recent_output);
    return fmt::format(
        "{} exited with code {}{}", launcher, facts.exit_code, said.empty() ? "" : " (" + said + ")"
    );
}

}  // namespace

void hear_ranks(Disk& disk, FinishRequest& request) {
    ExitFacts& facts = request.facts;
    if (request.gang->has_returned && facts.exit_code == EXIT_SUCCESS) return;
    const bool is_native = request.stage->job != "command";
    const auto verdict = judge_ranks(
        read_rank_ends(disk, request.places.scratch),
        request.gang->hosts,
        facts.exit_checkpointed,
        is_native ? hung_exit_code : 0
    );
    if (!verdict) {
        const bool has_failed = facts.signal != 0 || facts.exit_code != EXIT_SUCCESS;
        if (has_failed && facts.reason.empty()) facts.reason = launcher_failed(request);
        if (facts.reason.find(slurm_memory_words) != std::string::npos && !facts.imposed) {
            facts.imposed = Cause::out_of_memory;
            facts.imposed_message = facts.reason;
        }
        return;
    }
    facts.exit_code = verdict->first.exit_code;
    facts.signal = verdict->first.signal;
    if (!verdict->has_failed) return;
    facts.reason = facts.reason.empty() ? verdict->message
                                        : fmt::format("{} ({})", facts.reason, verdict->message);
    if (verdict->first.out_of_memory && !facts.imposed) {
        facts.imposed = Cause::out_of_memory;
        facts.imposed_message = facts.reason;
    }
    if (!verdict->first.unfit_node.empty()) {
        // Not the unit's fault: it has not even begun.
        request.end.unfit_node = verdict->first.unfit_node;
        facts.imposed = Cause::agent_lost;
        facts.imposed_message = facts.reason;
    }
    if (!verdict->first.tail.empty()) request.recent_output = verdict->first.tail;
}

}  // namespace xorch
