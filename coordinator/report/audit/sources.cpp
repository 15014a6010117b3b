#include "coordinator/report/audit/sources.h"

#include <fmt/format.h>

#include <set>

#include "coordinator/input/freeze.h"
#include "coordinator/input/manifest.h"

namespace xorch {

namespace {

// Why the stage's code is not what was frozen; empty if it is.
std::string why_code_differs(const Sweep& sweep, const Stage& stage) {
    if (stage.code.empty()) return "";
    const auto hash = current_code_hash(stage, sweep.directory);
    if (!hash) return hash.error().message;
    if (*hash == stage.code_hash) return "";
    return fmt::format("{} changed after submit", fmt::join(stage.code, ", "));
}

// The set-up script is read by each agent that starts: the newer ones got another environment.
std::string why_config_differs(const Environment& env) {
    if (env.setup_hash.empty()) return "";
    const auto hash = hash_file(env.setup);
    if (hash && *hash == env.setup_hash) return "";
    return fmt::format("{} ([env] setup) changed after submit, or is gone", env.setup);
}

using Paths = std::set<std::pair<std::string, std::string>>;  // name of the parameter, its value

// Data that is not what it was any more.
Paths changed_paths(const Stage& stage) {
    Paths changed;
    for (const auto& [name, by_path] : stage.path_hashes) {
        for (const auto& [path, frozen] : by_path) {
            const auto hash = manifest_hash(path);
            if (!hash || *hash != frozen) changed.emplace(name, path);
        }
    }
    return changed;
}

std::string find_changed(const Object& parameters, const Paths& changed) {
    for (const auto& [name, value] : parameters) {
        const auto* path = value.get_if<std::string>();
        if (path == nullptr || !changed.contains({name, *path})) continue;
        return fmt::format("{} ({}) changed after submit, or is gone", name, *path);
    }
    return "";
}

}  // namespace

void add_stale(const SweepReader& sweep, StageAudit& audit) {
    const Plan& plan = sweep.plan();
    const Stage& stage = plan.stage(audit.stage);
    const std::string code = why_code_differs(plan.sweep(), stage);
    const std::string config = why_config_differs(plan.sweep().env);
    const Paths changed = changed_paths(stage);
    if (code.empty() && config.empty() && changed.empty()) return;
    for (std::uint32_t i = 0; i < audit.expected; ++i) {
        const UnitKey unit{audit.stage, i};
        if (sweep.state().unit(unit).phase != UnitPhase::done) continue;
        if (!code.empty()) audit.flaws.push_back({FlawKind::stale, unit, "code differs", code});
        if (!config.empty()) {
            audit.flaws.push_back({FlawKind::stale, unit, "config differs", config});
        }
        if (changed.empty()) continue;
        const std::string data = find_changed(plan.parameters(unit), changed);
        if (!data.empty()) audit.flaws.push_back({FlawKind::stale, unit, "data differs", data});
    }
    settle_audit(sweep, audit);
}

}  // namespace xorch
