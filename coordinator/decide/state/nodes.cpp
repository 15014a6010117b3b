// What units say about nodes by failing on one and being done on another.

#include "coordinator/decide/state/content.h"

namespace xorch {

void State::Content::on_done_at(const std::string& node, UnitKey unit) {
    trouble.erase(node);
    const auto failed_at = second_opinions.find(unit);
    if (failed_at == second_opinions.end()) return;
    const auto known = trouble.find(failed_at->second);
    if (known != trouble.end()) ++known->second.elsewhere;
}

// A unit that fails on a second node as well speaks against itself, and for the first node. A gang
// says nothing: which of its nodes it was is not known.
void State::Content::on_failed_at(const std::string& node, UnitKey unit) {
    if (plan.stage(unit.stage).resources.is_gang()) return;
    const auto failed_at = second_opinions.find(unit);
    if (failed_at == second_opinions.end()) {
        ++trouble[node].failures;
        return;
    }
    const auto known = trouble.find(failed_at->second);
    if (known != trouble.end() && --known->second.failures == 0) trouble.erase(known);
}

// Whoever lets a sweep go on has mended something.
void State::Content::forgive_nodes() {
    trouble.clear();
    blamed.clear();
    second_opinions.clear();
}

}  // namespace xorch
