#include "coordinator/decide/select/selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/condition.h"

namespace xorch {

namespace {

// Units named in one line of the explanation; more are counted.
constexpr std::size_t named_max = 8;

std::string name_units(const std::vector<UnitKey>& units) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < std::min(units.size(), named_max); ++i)
        names.push_back(std::to_string(units[i].index));
    const std::string more =
        units.size() > named_max ? fmt::format(" and {} more", units.size() - named_max) : "";
    return fmt::format("{}{}", fmt::join(names, ", "), more);
}

using Pool = std::vector<const Choice*>;
using Lines = std::vector<std::string>;

// Leaves in the pool what `keep` says and lists the rest.
template <class Keep>
void filter(Pool& pool, const std::string& rule, Lines& lines, Keep keep) {
    std::vector<UnitKey> dropped;
    Pool kept;
    for (const Choice* choice : pool) {
        if (keep(*choice)) {
            kept.push_back(choice);
        } else {
            dropped.push_back(choice->unit);
        }
    }
    pool = std::move(kept);
    if (!dropped.empty())
        lines.push_back(fmt::format("{}: not met by {}", rule, name_units(dropped)));
}

// One key: what is within its tolerance of the best goes on to the next key.
Pool best_by(const OrderKey& key, const Pool& pool) {
    const auto score = [&](const Choice* each) { return *each->score(key.metric); };
    const Score best = score(*std::min_element(pool.begin(), pool.end(), [&](auto* a, auto* b) {
        return key.minimise ? score(a).mean < score(b).mean : score(a).mean > score(b).mean;
    }));
    const double close =
        key.one_standard_error ? std::max(key.tolerance, best.standard_error) : key.tolerance;
    Pool alike;
    for (const Choice* each : pool) {
        const double mean = score(each).mean;
        // Equal first: the difference of two infinities is not a number.
        if (mean == best.mean || std::abs(mean - best.mean) <= close) alike.push_back(each);
    }
    return alike;
}

std::string format_score(const Score& score) {
    if (score.n < 2) return format_double(score.mean);
    return fmt::format(
        "{} (mean of {}, standard error {:.3g})",
        format_double(score.mean),
        score.n,
        score.standard_error
    );
}

struct Winner {
    const Choice* choice = nullptr;
    Lines steps{};
    // What another choice would have needed: where it dropped out, by key; the keys passed if not.
    std::vector<Pool> left_after{};
};

Winner best_of(const std::vector<OrderKey>& order, const Pool& pool) {
    Winner winner;
    Pool rest = pool;
    for (const OrderKey& key : order) {
        rest = best_by(key, rest);
        winner.left_after.push_back(rest);
        winner.steps.push_back(fmt::format(
            "{} {} = {}{}",
            key.minimise ? "smallest" : "largest",
            key.metric,
            format_score(*rest.front()->score(key.metric)),
            rest.size() > 1 ? fmt::format(" ({} alike)", rest.size()) : ""
        ));
        if (rest.size() == 1) break;
    }
    if (rest.size() > 1) winner.steps.emplace_back("first in plan order");
    winner.choice = rest.front();
    return winner;
}

std::string explain_loss(
    const std::vector<OrderKey>& order, const Winner& winner, const Choice& loser
) {
    for (std::size_t k = 0; k < winner.left_after.size(); ++k) {
        const Pool& left = winner.left_after[k];
        if (std::find(left.begin(), left.end(), &loser) != left.end()) continue;
        return fmt::format(
            "{} = {} is {} than {}",
            order[k].metric,
            format_score(*loser.score(order[k].metric)),
            order[k].minimise ? "larger" : "smaller",
            format_double(winner.choice->score(order[k].metric)->mean)
        );
    }
    return "alike, but later in plan order";
}

// Takes the best ones by one order; says why, and who came next.
std::vector<UnitKey> take_best(
    const std::vector<OrderKey>& order, std::uint32_t take, Pool pool, Lines& lines
) {
    std::vector<UnitKey> chosen;
    Winner winner;
    while (chosen.size() < take) {
        winner = best_of(order, pool);
        lines.push_back(fmt::format(
            "unit {} is chosen: {}", winner.choice->unit.index, fmt::join(winner.steps, ", then ")
        ));
        chosen.push_back(winner.choice->unit);
        pool.erase(std::find(pool.begin(), pool.end(), winner.choice));
    }
    if (pool.empty()) return chosen;
    const Choice& next = *best_of(order, pool).choice;
    lines.push_back(
        fmt::format("unit {} would be next: {}", next.unit.index, explain_loss(order, winner, next))
    );
    return chosen;
}

bool has_numbers(const Choice& choice, const std::vector<OrderKey>& order) {
    return std::all_of(order.begin(), order.end(), [&](const OrderKey& key) {
        return choice.score(key.metric).has_value();
    });
}

// What another declared order would have chosen from the same units.
void explain_alternative(
    const AlternativeOrder& alternative,
    const std::vector<UnitKey>& chosen,
    const Pool& pool,
    Lines& lines
) {
    Pool comparable;
    for (const Choice* choice : pool) {
        if (has_numbers(*choice, alternative.order)) comparable.push_back(choice);
    }
    const auto take = static_cast<std::uint32_t>(chosen.size());
    if (comparable.size() < take) {
        lines.push_back(fmt::format(
            "by {}: refused, {} of {} needed units have numbers",
            alternative.name,
            comparable.size(),
            take
        ));
        return;
    }
    Lines reasons;
    const bool is_same = take_best(alternative.order, take, comparable, reasons) == chosen;
    lines.push_back(
        fmt::format("by {}: {}", alternative.name, is_same ? "the same" : "another choice")
    );
    for (const std::string& reason : reasons)
        lines.push_back("  " + reason);
}

std::string introduce(const Select& select, std::size_t units, const std::vector<Choice>& choices) {
    if (select.repeats.empty()) return fmt::format("{} candidates of stage {}", units, select.from);
    return fmt::format(
        "{} candidates of stage {}, {} units: repeats are {}",
        choices.size(),
        select.from,
        units,
        fmt::join(select.repeats, ", ")
    );
}

// What the choices in the pool lack; empty if nothing.
std::vector<UnitKey> missing_in(const Pool& pool) {
    std::vector<UnitKey> missing;
    for (const Choice* choice : pool)
        missing.insert(missing.end(), choice->missing.begin(), choice->missing.end());
    std::sort(missing.begin(), missing.end());
    return missing;
}

// Lists what is missing. With repeats that is a refusal, unless the sweep allows it: a mean over
// fewer of them is another number.
bool lacks_repeats(const Select& select, const Pool& pool, Lines& lines) {
    const std::vector<UnitKey> missing = missing_in(pool);
    if (missing.empty()) return false;
    lines.push_back(fmt::format("not done: {}", name_units(missing)));
    if (select.repeats.empty() || select.allow_missing) return false;
    lines.push_back(fmt::format(
        "refused: {} repeats are missing; `xorch retry` runs failed ones again, allow_missing = "
        "true (or --allow-missing) chooses without them",
        missing.size()
    ));
    return true;
}

}  // namespace

Decision decide(const Select& select, const std::vector<Candidate>& candidates) {
    const std::vector<Choice> choices = make_choices(candidates, select.repeats);
    Lines lines{introduce(select, candidates.size(), choices)};
    Pool pool;
    for (const Choice& choice : choices)
        pool.push_back(&choice);
    const auto filter_by = [&](bool by_params) {
        for (const Condition& condition : select.require) {
            if (condition.param.empty() == by_params) continue;
            filter(pool, format_condition(condition), lines, [&](const Choice& choice) {
                return meets(choice, condition);
            });
        }
    };
    Decision decision;
    const auto explain = [&] { decision.explanation = fmt::format("{}", fmt::join(lines, "\n")); };
    // Parameters first: what they rule out needs no results.
    filter_by(true);
    filter(pool, "has hope ([[stop]])", lines, [](const Choice& choice) {
        return !choice.is_hopeless;
    });
    if (lacks_repeats(select, pool, lines)) {
        explain();
        return decision;
    }
    pool.erase(
        std::remove_if(pool.begin(), pool.end(), [](auto* choice) { return choice->done.empty(); }),
        pool.end()
    );
    filter_by(false);
    for (const OrderKey& key : select.order) {
        filter(pool, key.metric + " is a number", lines, [&](const Choice& choice) {
            return choice.score(key.metric).has_value();
        });
    }
    if (pool.size() < select.take || select.take == 0) {
        lines.push_back(fmt::format(
            "refused: {} of {} needed units meet all conditions", pool.size(), select.take
        ));
        explain();
        return decision;
    }
    decision.chosen = take_best(select.order, select.take, pool, lines);
    for (const AlternativeOrder& alternative : select.alternatives)
        explain_alternative(alternative, decision.chosen, pool, lines);
    explain();
    return decision;
}

}  // namespace xorch
