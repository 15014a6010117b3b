#include "coordinator/decide/select/gate.h"

#include <fmt/format.h>

namespace xorch {

namespace {

std::string opening_of(const Gate& gate) {
    return fmt::format("gate {} holds selection {}: ", gate.name, gate.select);
}

}  // namespace

std::string reason_of_gate(const Gate& gate) {
    return fmt::format(
        "{}{}. Next: `xorch best --explain` shows what would be chosen; `xorch approve {}` "
        "lets it, `xorch approve {} --refuse` does not.",
        opening_of(gate),
        gate.look_at.empty() ? "somebody must look at the results" : gate.look_at,
        gate.name,
        gate.name
    );
}

const Gate* gate_that_paused(const Sweep& sweep, std::string_view reason) {
    for (const Gate& gate : sweep.gates) {
        if (reason.starts_with(opening_of(gate))) return &gate;
    }
    return nullptr;
}

const Gate* gate_before(const Sweep& sweep, std::string_view select) {
    for (const Gate& gate : sweep.gates) {
        if (gate.manual && gate.select == select) return &gate;
    }
    return nullptr;
}

}  // namespace xorch
