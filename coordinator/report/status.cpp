#include "coordinator/report/status.h"

#include <fmt/format.h>

#include <numeric>

namespace xorch {

std::string_view sweep_phase_name(SweepPhase phase) {
    switch (phase) {
        case SweepPhase::running:
            return "running";
        case SweepPhase::paused:
            return "paused";
        case SweepPhase::stopped:
            return "stopped";
        case SweepPhase::abandoned:
            return "abandoned";
        case SweepPhase::queued:
            return "queued";
        case SweepPhase::stranded:
            return "stranded";
        case SweepPhase::complete:
            return "complete";
    }
    return "";
}

bool goes_on_by_itself(SweepPhase phase) {
    return phase == SweepPhase::running || phase == SweepPhase::paused ||
           phase == SweepPhase::queued;
}

std::string describe_nodes(const RunningUnit& running) {
    constexpr std::size_t listed = 3;
    const std::size_t others = running.other_nodes.size();
    if (others >= listed) return fmt::format("{} and {} more", running.node, others);
    std::string text = running.node;
    for (const std::string& node : running.other_nodes)
        text += ", " + node;
    return text;
}

std::uint32_t StageStatus::total() const {
    return std::accumulate(counts.begin(), counts.end(), 0U);
}

std::uint32_t StageStatus::final_units() const {
    return in(UnitPhase::done) + in(UnitPhase::failed) + in(UnitPhase::cancelled) +
           in(UnitPhase::hopeless);
}

std::uint64_t SweepStatus::units(UnitPhase of) const {
    std::uint64_t number = 0;
    for (const StageStatus& stage : stages) {
        number += stage.in(of);
    }
    return number;
}

std::uint64_t SweepStatus::total() const {
    std::uint64_t number = 0;
    for (const StageStatus& stage : stages) {
        number += stage.total();
    }
    return number;
}

}  // namespace xorch
