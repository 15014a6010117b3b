#include "jobs/cellseg/tiles/donor_statistics.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <set>

#include "core/statistics/adjustment.h"
#include "jobs/random/random_stream.h"

namespace xorch::cellseg {

namespace {

Result<double> parse_value(const std::string& text) {
    if (text.empty()) return std::numeric_limits<double>::quiet_NaN();
    double value = 0.0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && end == text.data() + text.size()) return value;
    return fail(ErrorCode::invalid_input, "\"" + text + "\" is no number");
}

// Of the donors that have both.
DonorTest correlate_one(
    const std::map<std::string, DonorSums>& sums,
    const Clinical& clinical,
    std::size_t metric,
    std::size_t outcome
) {
    std::vector<double> counted;
    std::vector<double> found;
    for (const auto& [donor, sum] : sums) {
        const auto values = clinical.find(donor);
        const auto value = sum.metric(metric);
        if (values == clinical.end() || !value || std::isnan(values->second[outcome])) continue;
        counted.push_back(*value);
        found.push_back(values->second[outcome]);
    }
    DonorTest test;
    test.metric = metrics()[metric];
    test.outcome = outcomes()[outcome];
    test.donors = static_cast<int>(counted.size());
    test.correlation = spearman(counted, found);
    return test;
}

void adjust(std::vector<DonorTest>& tests) {
    std::vector<double> p;
    for (const DonorTest& test : tests) {
        if (test.correlation) p.push_back(test.correlation->p);
    }
    const std::vector<double> adjusted = adjust_for_false_discovery(p);
    std::size_t next = 0;
    for (DonorTest& test : tests) {
        if (test.correlation) test.fdr = adjusted[next++];
    }
}

// Sums over repeats of one test.
struct Tally {
    std::vector<double> rho;
    int positive = 0;
    int negative = 0;
    int passed = 0;
    int passed_fdr = 0;

    void add(const DonorTest& test) {
        if (!test.correlation) return;
        rho.push_back(test.correlation->rho);
        if (test.correlation->rho > 0.0) ++positive;
        if (test.correlation->rho < 0.0) ++negative;
        if (test.correlation->p < significance) ++passed;
        if (test.fdr < significance) ++passed_fdr;
    }

    Stability stability() const {
        Stability result{.repeats = static_cast<int>(rho.size())};
        if (rho.empty()) return result;
        const auto n = static_cast<double>(rho.size());
        double mean = 0.0;
        for (const double value : rho) {
            mean += value / n;
        }
        for (const double value : rho) {
            result.variance += (value - mean) * (value - mean) / n;
        }
        result.sign_consistency = std::max(positive, negative) / n;
        result.passed = passed / n;
        result.passed_fdr = passed_fdr / n;
        return result;
    }
};

template <class Sum>
SumsOfDonors sum_by(const TilesOfDonors& tiles, const Sum& sum) {
    SumsOfDonors sums;
    for (const auto& [model, markers] : tiles) {
        for (const auto& [marker, donors] : markers) {
            for (const auto& [donor, counts] : donors) {
                sums[model][marker][donor] = sum(marker, donor, counts);
            }
        }
    }
    return sums;
}

}  // namespace

const std::vector<std::string>& outcomes() {
    static const std::vector<std::string> names{
        "braaksc", "ceradsc", "cogdx", "dcfdx_lv", "plaq_d", "plaq_n", "nft", "gpath"};
    return names;
}

const std::vector<std::string>& metrics() {
    static const std::vector<std::string> names{"ratio", "cells_per_mpx", "positive_per_mpx"};
    return names;
}

Result<Clinical> parse_clinical(const DelimitedTable& table) {
    const auto id = find_columns(table, {"projid"});
    if (!id) return tl::unexpected(id.error());
    Clinical clinical;
    for (const std::vector<std::string>& row : table.rows) {
        std::vector<double>& values = clinical[plain_donor(row[id->front()])];
        if (!values.empty()) {
            return fail(
                ErrorCode::invalid_input, "the donor " + row[id->front()] + " is there twice"
            );
        }
        for (const std::string& outcome : outcomes()) {
            const auto column = find_columns(table, {outcome});
            if (!column) return tl::unexpected(column.error());
            const auto value = parse_value(row[column->front()]);
            if (!value) {
                return fail_with_context(value.error(), row[id->front()] + ", " + outcome);
            }
            values.push_back(*value);
        }
    }
    return clinical;
}

void DonorSums::add(const TileCounts& counts) {
    ++tiles;
    total += counts.total;
    positive += counts.positive;
    area += counts.area;
}

std::optional<double> DonorSums::metric(std::size_t number) const {
    const double over = static_cast<double>(number == 0 ? total : area);
    if (over == 0.0) return std::nullopt;
    if (number == 0) return static_cast<double>(positive) / over;
    return 1e6 * static_cast<double>(number == 1 ? total : positive) / over;
}

Result<TilesOfDonors> group_by_donor(const std::vector<TileRow>& rows) {
    TilesOfDonors tiles;
    std::set<std::pair<std::string, std::string>> seen;
    for (const TileRow& row : rows) {
        if (!seen.emplace(row.model, row.tile.key).second) {
            return fail(
                ErrorCode::conflict, "two counts of the tile " + row.tile.key + " by " + row.model
            );
        }
        tiles[row.model][row.tile.marker][row.tile.donor].push_back(row.counts);
    }
    return tiles;
}

SumsOfDonors sum_tiles(const TilesOfDonors& tiles) {
    return sum_by(tiles, [](const std::string&, const std::string&, const auto& counts) {
        DonorSums sums;
        for (const TileCounts& each : counts) {
            sums.add(each);
        }
        return sums;
    });
}

SumsOfDonors draw_tiles(const TilesOfDonors& tiles, std::uint64_t seed, int repeat) {
    return sum_by(
        tiles,
        [&](const std::string& marker, const std::string& donor, const auto& counts) {
            RandomStream random(seed, "bootstrap/" + marker + "/" + donor, {repeat});
            DonorSums sums;
            const std::size_t draws = (counts.size() * 4 + 4) / 5;
            for (std::size_t draw = 0; draw < draws; ++draw) {
                sums.add(counts[random.below(counts.size())]);
            }
            return sums;
        }
    );
}

std::vector<DonorTest> correlate(const SumsOfDonors& sums, const Clinical& clinical) {
    std::vector<DonorTest> tests;
    for (const auto& [model, markers] : sums) {
        for (const auto& [marker, donors] : markers) {
            for (std::size_t i = 0; i < metrics().size() * outcomes().size(); ++i) {
                DonorTest test =
                    correlate_one(donors, clinical, i / outcomes().size(), i % outcomes().size());
                test.model = model;
                test.marker = marker;
                tests.push_back(std::move(test));
            }
        }
    }
    adjust(tests);
    return tests;
}

std::vector<Stability> bootstrap(
    const TilesOfDonors& tiles, const Clinical& clinical, std::uint64_t seed, int repeats
) {
    std::vector<Tally> tallies;
    for (int repeat = 0; repeat < repeats; ++repeat) {
        const std::vector<DonorTest> tests = correlate(draw_tiles(tiles, seed, repeat), clinical);
        tallies.resize(tests.size());
        for (std::size_t i = 0; i < tests.size(); ++i) {
            tallies[i].add(tests[i]);
        }
    }
    std::vector<Stability> stabilities;
    for (const Tally& tally : tallies) {
        stabilities.push_back(tally.stability());
    }
    return stabilities;
}

}  // namespace xorch::cellseg
