// Which records a selection chooses among when reports come late, twice, or from attempts that
// count no more: random ones against an oracle that keeps the one result of each unit that counts.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <random>

#include "core/json.h"
#include "tests/coordinator/decide/harness.h"

namespace xorch {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t small_units = 6;

Sweep selecting(std::uint32_t take) {
    Stage full = make_stage("full", 1);
    full.axes.clear();
    full.promote = "best";
    Sweep sweep = make_sweep({make_stage("small", small_units), full});
    Select select{.name = "best", .from = "small"};
    select.order.push_back({.metric = "m", .minimise = true});
    select.take = take;
    sweep.selects.push_back(select);
    return sweep;
}

std::string row_of(double value) {
    return format_json(Object{
               {"m", value}
    }) +
           "\n";
}

// Few values, so that there are ties, and often too few of them to choose among.
double random_value(std::mt19937& random) {
    if (random() % 5 < 3) return std::numeric_limits<double>::quiet_NaN();
    return static_cast<double>(random() % 4);
}

// Reports of one round, and what counts of them.
class Round {
 public:
    explicit Round(std::uint32_t seed)
        : random_(seed), take_(1 + random_() % 2), harness_(selecting(take_)) {}

    void play() {
        const IncarnationId lost = harness_.join(0xa, "node-1", small_units);
        for (std::uint32_t i = 0; i < small_units; ++i) {
            if (random_() % 2 == 0) finish(lost, i, 1);
        }
        harness_.tick_after(60s);
        harness_.reign->on_spooled(harness_.now, lost, {});
        const IncarnationId other = harness_.join(0xb, "node-2", small_units);
        // The lost agent lives, and what it says of attempts that were given away is too good.
        for (std::uint32_t i = 0; i < small_units; ++i) {
            if (is_done(i)) continue;
            report_late(lost, i);
            finish(other, i, 2);
            if (random_() % 2 == 0) report_late(lost, i);
        }
    }

    std::vector<UnitKey> chosen() const { return harness_.state().select(0).chosen; }

    bool is_decided() const { return harness_.state().select(0).decided; }

    // Takes the smallest value, the first of equal ones, again and again; NaN never.
    std::vector<UnitKey> oracle() const {
        std::vector<UnitKey> best;
        std::array<double, small_units> left = counting_;
        while (best.size() < take_) {
            std::size_t winner = small_units;
            for (std::size_t i = 0; i < small_units; ++i) {
                if (std::isnan(left[i])) continue;
                if (winner == small_units || left[i] < left[winner]) winner = i;
            }
            if (winner == small_units) return {};
            best.push_back(key(0, static_cast<std::uint32_t>(winner)));
            left[winner] = std::numeric_limits<double>::quiet_NaN();
        }
        return best;
    }

 private:
    bool is_done(std::uint32_t unit) const {
        return harness_.phase(key(0, unit)) == UnitPhase::done;
    }

    void finish(IncarnationId agent, std::uint32_t unit, std::uint32_t attempt) {
        counting_[unit] = random_value(random_);
        AttemptEnd end = ended(Cause::none);
        end.rows = row_of(counting_[unit]);
        const EndReport report = harness_.report(agent, key(0, unit), attempt, end);
        harness_.say(agent, report);
        if (random_() % 2 == 0) harness_.say(agent, report);
    }

    void report_late(IncarnationId agent, std::uint32_t unit) {
        AttemptEnd end = ended(Cause::none);
        end.rows = row_of(-100);
        harness_.say(agent, harness_.report(agent, key(0, unit), 1, end));
    }

    std::mt19937 random_;
    std::uint32_t take_;
    Harness harness_;
    std::array<double, small_units> counting_{};
};

TEST(SelectionAmongReports, NeitherLateNorDuplicateRecordsAreChosen) {
    int refused = 0;
    for (std::uint32_t seed = 0; seed < 400; ++seed) {
        Round round(seed);
        round.play();
        ASSERT_TRUE(round.is_decided()) << "seed " << seed;
        ASSERT_EQ(round.chosen(), round.oracle()) << "seed " << seed;
        refused += round.chosen().empty() ? 1 : 0;
    }
    EXPECT_GT(refused, 0);
    EXPECT_LT(refused, 200);
}

}  // namespace
}  // namespace xorch
