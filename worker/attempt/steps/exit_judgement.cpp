#include "worker/attempt/steps/exit_judgement.h"

#include <fmt/format.h>
#include <string.h>

namespace xorch {

namespace {

std::string how_it_ended(const ExitFacts& facts) {
    if (!facts.reason.empty()) return facts.reason;
    if (facts.signal == 0) return fmt::format("it exited with code {}", facts.exit_code);
    const char* name = ::sigabbrev_np(facts.signal);
    return fmt::format("it was ended by SIG{}", name == nullptr ? "?" : name);
}

Judgement judge_crash(const ExitFacts& facts) {
    if (facts.kernel_out_of_memory) {
        return {
            Cause::out_of_memory,
            how_it_ended(facts) + "; the kernel reports that memory of this cgroup ran out"};
    }
    if (facts.signal == 9) {
        // A reason may be a whole sentence about a gang.
        return {
            Cause::crash,
            fmt::format(
                "{}{} did not send; usually the kernel does when memory runs out (set "
                "resources.memory)",
                how_it_ended(facts),
                facts.reason.empty() ? ", which xorch" : "; it is a signal that xorch"
            )};
    }
    return {Cause::crash, how_it_ended(facts)};
}

}  // namespace

bool discards_results(const ExitFacts& facts) {
    return facts.ordered == Cause::cancelled || facts.ordered == Cause::superseded;
}

Judgement judge_exit(const ExitFacts& facts) {
    if (discards_results(facts)) {
        return {*facts.ordered, how_it_ended(facts)};
    }
    const bool exited_well = facts.signal == 0 && facts.exit_code == 0;
    if (exited_well && facts.records_problem.empty()) return {Cause::none, ""};
    if (facts.imposed) return {*facts.imposed, facts.imposed_message};
    const bool wants_more = facts.signal == 0 && facts.exit_code == facts.exit_checkpointed;
    if (facts.ordered) {
        return {
            *facts.ordered,
            exited_well  ? "it stopped before its records were complete: " + facts.records_problem
            : wants_more ? "it checkpointed and stopped as asked"
                         : how_it_ended(facts) + " after it was asked to stop"};
    }
    if (exited_well) return {Cause::records, facts.records_problem};
    if (wants_more) return {Cause::checkpointed, "it checkpointed and asks to be called again"};
    if (facts.signal != 0) return judge_crash(facts);
    return {Cause::user_error, how_it_ended(facts)};
}

}  // namespace xorch
