#include "coordinator/report/choice/choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "coordinator/decide/select/rows.h"
#include "coordinator/report/tables/unit_results.h"
#include "core/statistics/correlation.h"
#include "core/statistics/ranks.h"

namespace xorch {

namespace {

constexpr std::size_t overlaps_told = 5;

// Indices of the best k; equal values keep plan order, as selections do.
std::vector<std::size_t> best_first(std::vector<double> values, bool minimise) {
    if (!minimise) {
        for (double& value : values)
            value = -value;
    }
    return rising_order(values);
}

std::vector<std::size_t> overlaps(
    const std::vector<double>& before, const std::vector<double>& after, bool minimise
) {
    const auto first = best_first(before, minimise);
    const auto second = best_first(after, minimise);
    std::vector<std::size_t> counts;
    for (std::size_t k = 1; k <= std::min(before.size(), overlaps_told); ++k) {
        const auto end = second.begin() + static_cast<std::ptrdiff_t>(k);
        std::size_t shared = 0;
        for (std::size_t i = 0; i < k; ++i) {
            if (std::find(second.begin(), end, first[i]) != end) ++shared;
        }
        counts.push_back(shared);
    }
    return counts;
}

// The scores of the choice that each promoted unit stood for, and of what it became.
struct Promoted {
    Choice before;
    std::vector<const Candidate*> after;
};

Agreement agree(const OrderKey& key, const std::vector<Promoted>& promoted) {
    Agreement agreement{.metric = key.metric};
    std::vector<double> before;
    std::vector<double> after;
    for (const Promoted& each : promoted) {
        Choice became;
        became.done = each.after;
        const auto x = each.before.score(key.metric);
        const auto y = became.score(key.metric);
        if (!x || !y) continue;
        before.push_back(x->mean);
        after.push_back(y->mean);
    }
    agreement.promoted = before.size();
    agreement.tau = kendall_tau_b(before, after);
    agreement.overlap = overlaps(before, after, key.minimise);
    return agreement;
}

}  // namespace

Result<std::vector<Candidate>> read_candidates(const SweepReader& sweep, const Select& select) {
    const StageIndex stage{*find_stage(sweep.plan().sweep(), select.from)};
    UnitResults results(sweep, stage);
    std::vector<Candidate> candidates;
    const auto visited = results.visit([&](UnitKey key, const UnitResult& result) -> Result<void> {
        Candidate candidate{.unit = key, .params = sweep.plan().parameters(key)};
        const UnitPhase phase = sweep.state().unit(key).phase;
        candidate.is_done = phase == UnitPhase::done;
        candidate.is_hopeless = phase == UnitPhase::hopeless;
        if (candidate.is_done) candidate.metrics = read_rows(result.end.rows, select);
        candidates.push_back(std::move(candidate));
        return {};
    });
    if (!visited) return tl::unexpected(visited.error());
    return candidates;
}

Result<std::vector<Agreement>> audit_selection(const SweepReader& sweep, std::uint32_t number) {
    const Sweep& file = sweep.plan().sweep();
    const Select& select = file.selects[number];
    const auto small = read_candidates(sweep, select);
    if (!small) return tl::unexpected(small.error());
    const std::vector<Choice> choices = make_choices(*small, select.repeats);
    std::vector<Agreement> agreements;
    for (const Stage& stage : file.stages) {
        if (stage.promote != select.name) continue;
        Select reads = select;
        reads.from = stage.name;
        const auto full = read_candidates(sweep, reads);
        if (!full) return tl::unexpected(full.error());
        std::vector<Promoted> promoted;
        for (const UnitKey chosen : sweep.state().select(number).chosen) {
            const auto choice = std::find_if(choices.begin(), choices.end(), [&](const auto& each) {
                return each.unit == chosen;
            });
            if (choice == choices.end()) continue;
            promoted.push_back({.before = *choice, .after = {}});
            for (const Candidate& unit : *full) {
                if (unit.is_done && sweep.plan().promoted_from(unit.unit) == chosen) {
                    promoted.back().after.push_back(&unit);
                }
            }
        }
        for (const OrderKey& key : select.order) {
            agreements.push_back(agree(key, promoted));
            agreements.back().stage = stage.name;
        }
    }
    return agreements;
}

std::vector<std::string> agreement_lines(const std::vector<Agreement>& agreements) {
    std::vector<std::string> lines;
    for (const Agreement& each : agreements) {
        std::string line = fmt::format("{} {}: ", each.stage, each.metric);
        line += each.tau ? fmt::format("Kendall tau-b {:.3f}", *each.tau)
                         : std::string("too few different results for a rank correlation");
        line += fmt::format(" over {} promoted", each.promoted);
        for (std::size_t k = 1; k <= each.overlap.size(); ++k)
            line += fmt::format("; best {}: {} shared", k, each.overlap[k - 1]);
        lines.push_back(std::move(line));
    }
    return lines;
}

Array agreement_json(const std::vector<Agreement>& agreements) {
    Array array;
    for (const Agreement& each : agreements) {
        Array overlap;
        for (const std::size_t count : each.overlap)
            overlap.emplace_back(static_cast<std::int64_t>(count));
        array.emplace_back(Object{
            {"stage",    each.stage                              },
            {"metric",   each.metric                             },
            {"promoted", static_cast<std::int64_t>(each.promoted)},
            {"tau_b",    each.tau ? Value(*each.tau) : Value()   },
            {"overlap",  std::move(overlap)                      }
        });
    }
    return array;
}

}  // namespace xorch
