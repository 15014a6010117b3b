// cellseg.donors: from the counts of all chunks to donors: their table, its rank correlations with
// clinical outcomes, and how stable these are. One record per model. It takes seconds and starts
// over when stopped.

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "jobs/cellseg/data/delimited_table.h"
#include "jobs/cellseg/jobs.h"
#include "jobs/cellseg/tiles/donor_statistics.h"
#include "jobs/cellseg/tiles/tile_source.h"
#include "jobs/unit_artifacts.h"

namespace xorch {

namespace cellseg {

namespace {

Result<std::vector<TileRow>> read_inputs(const NativeUnit& unit) {
    std::vector<TileRow> rows;
    for (const UnitInput& input : unit.inputs()) {
        auto read = read_tile_rows(input.directory + "/" + tile_counts_name);
        if (!read) return tl::unexpected(read.error());
        rows.insert(rows.end(), read->begin(), read->end());
    }
    if (rows.empty()) return fail(ErrorCode::invalid_input, "no input left counts of tiles");
    return rows;
}

Result<Clinical> load_clinical(const NativeUnit& unit) {
    const std::string& path = unit.params().text("clinical");
    if (path.empty()) return parse_clinical(Cohort(cohort_settings(unit)).clinical());
    const auto table = read_delimited(path);
    if (!table) return tl::unexpected(table.error());
    auto clinical = parse_clinical(*table);
    if (!clinical) return fail_with_context(clinical.error(), path);
    return clinical;
}

std::string donor_table(const SumsOfDonors& sums) {
    std::string table = "model\tdonor\tmarker\ttiles\tn_total_cells\tn_marker_positive";
    for (const std::string& metric : metrics()) {
        table += "\t" + metric;
    }
    table += "\n";
    for (const auto& [model, markers] : sums) {
        for (const auto& [marker, donors] : markers) {
            for (const auto& [donor, sum] : donors) {
                table += fmt::format(
                    "{}\t{}\t{}\t{}\t{}\t{}",
                    model,
                    donor,
                    marker,
                    sum.tiles,
                    sum.total,
                    sum.positive
                );
                for (std::size_t metric = 0; metric < metrics().size(); ++metric) {
                    const auto value = sum.metric(metric);
                    table += value ? fmt::format("\t{}", *value) : "\t";
                }
                table += "\n";
            }
        }
    }
    return table;
}

std::string name_of(const DonorTest& test) {
    return fmt::format("{}\t{}\t{}\t{}", test.model, test.marker, test.metric, test.outcome);
}

// A test that could not be made has empty cells.
std::string test_table(const std::vector<DonorTest>& tests) {
    std::string table = "model\tmarker\tmetric\toutcome\tn\trho\tpval\tfdr\tpass\tpass_fdr\n";
    for (const DonorTest& test : tests) {
        table += fmt::format("{}\t{}", name_of(test), test.donors);
        if (test.correlation) {
            table += fmt::format(
                "\t{}\t{}\t{}\t{}\t{}\n",
                test.correlation->rho,
                test.correlation->p,
                test.fdr,
                test.correlation->p < significance,
                test.fdr < significance
            );
        } else {
            table += "\t\t\t\t\t\n";
        }
    }
    return table;
}

std::string stability_table(
    const std::vector<DonorTest>& tests, const std::vector<Stability>& stabilities
) {
    std::string table =
        "model\tmarker\tmetric\toutcome\trepeats\tvar_rho\tsign_consistency\tp_pass\tfdr_pass\n";
    for (std::size_t i = 0; i < stabilities.size(); ++i) {
        const Stability& stability = stabilities[i];
        table += fmt::format(
            "{}\t{}\t{}\t{}\t{}\t{}\n",
            name_of(tests[i]),
            stability.repeats,
            stability.variance,
            stability.sign_consistency,
            stability.passed,
            stability.passed_fdr
        );
    }
    return table;
}

// The tests that a model would have if it counted what is there; none where nobody knows that.
std::vector<DonorTest> true_tests(const std::vector<TileRow>& rows, const Clinical& clinical) {
    std::vector<TileRow> truth = rows;
    for (TileRow& row : truth) {
        if (row.counts.in_truth < 0) return {};
        row.counts.total = row.counts.in_truth;
    }
    const auto tiles = group_by_donor(truth);
    XORCH_CHECK(tiles.has_value(), "the counts were grouped before");
    return correlate(sum_tiles(*tiles), clinical);
}

// Means over the tests of one model.
Object record_of(
    const std::string& model,
    const std::vector<DonorTest>& tests,
    const std::vector<DonorTest>& truth,
    const std::vector<Stability>& stabilities
) {
    std::int64_t count = 0;
    std::int64_t passed = 0;
    std::int64_t passed_fdr = 0;
    double variance = 0.0;
    double consistency = 0.0;
    double error = 0.0;
    int compared = 0;
    for (std::size_t i = 0; i < tests.size(); ++i) {
        const DonorTest& test = tests[i];
        if (test.model != model || !test.correlation) continue;
        ++count;
        if (test.correlation->p < significance) ++passed;
        if (test.fdr < significance) ++passed_fdr;
        if (!stabilities.empty()) {
            variance += stabilities[i].variance;
            consistency += stabilities[i].sign_consistency;
        }
        // Of the three metrics only this one is known in truth.
        if (truth.empty() || test.metric != metrics()[1] || !truth[i].correlation) continue;
        error += std::abs(test.correlation->rho - truth[i].correlation->rho);
        ++compared;
    }
    Object row{
        {"model",    model     },
        {"tests",    count     },
        {"pass",     passed    },
        {"pass_fdr", passed_fdr},
    };
    if (count > 0 && !stabilities.empty()) {
        set_member(row, "mean_var_rho", variance / static_cast<double>(count));
        set_member(row, "mean_sign_consistency", consistency / static_cast<double>(count));
    }
    if (compared > 0) set_member(row, "mean_rho_error", error / compared);
    return row;
}

}  // namespace

}  // namespace cellseg

Result<JobEnd> run_cellseg_donors(NativeUnit& unit) {
    using namespace cellseg;
    const auto rows = read_inputs(unit);
    if (!rows) return tl::unexpected(rows.error());
    const auto clinical = load_clinical(unit);
    if (!clinical) return tl::unexpected(clinical.error());
    const auto tiles = group_by_donor(*rows);
    if (!tiles) return tl::unexpected(tiles.error());
    const SumsOfDonors sums = sum_tiles(*tiles);
    const std::vector<DonorTest> tests = correlate(sums, *clinical);
    const std::vector<Stability> stabilities = bootstrap(
        *tiles, *clinical, unit.seed(), static_cast<int>(unit.params().integer("repeats"))
    );
    std::map<std::string, std::string> tables;
    tables[tile_counts_name] = format_tile_rows(*rows);
    tables["donor_marker_ratio.tsv"] = donor_table(sums);
    tables["e5_spearman.tsv"] = test_table(tests);
    tables["e5_bootstrap_stability.tsv"] = stability_table(tests, stabilities);
    for (const auto& [name, table] : tables) {
        if (auto written = leave_text(unit, name, table); !written) {
            return tl::unexpected(written.error());
        }
    }
    const std::vector<DonorTest> truth = true_tests(*rows, *clinical);
    for (const auto& [model, markers] : *tiles) {
        Object row = record_of(model, tests, truth, stabilities);
        set_member(
            row,
            "tiles",
            std::count_if(
                rows->begin(), rows->end(), [&](const TileRow& each) { return each.model == model; }
            )
        );
        if (auto reported = unit.report(row); !reported) return tl::unexpected(reported.error());
    }
    return JobEnd::done;
}

}  // namespace xorch
