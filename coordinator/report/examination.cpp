#include "coordinator/report/examination.h"

#include <fmt/format.h>

#include <map>

#include "coordinator/input/sweep_file.h"
#include "coordinator/report/tables/record_sink.h"
#include "coordinator/report/tables/record_table.h"
#include "coordinator/report/tables/summary.h"
#include "core/hash.h"
#include "core/record.h"

namespace xorch {

namespace {

using Findings = std::vector<Finding>;

constexpr const char* restore_remedy =
    "restore the file from a copy if you have one; otherwise `xorch submit --fresh` of the same "
    "file begins anew";

Result<SweepReader> read_from_the_start(Disk& disk, const SweepLayout& layout) {
    const auto text = disk.read(layout.sweep_file());
    if (!text) return tl::unexpected(text.error());
    auto sweep = parse_frozen(*text, layout);
    if (!sweep) return tl::unexpected(sweep.error());
    auto plan = Plan::make(*std::move(sweep));
    if (!plan) return tl::unexpected(plan.error());
    return SweepReader::read(disk, layout, *std::move(plan));
}

// Every done unit has its records, each with the required columns in its last row.
void examine_records(const SweepReader& sweep, StageIndex stage, Findings& findings) {
    const std::vector<std::string>& required = sweep.plan().stage(stage).records.required;
    UnitResults results(sweep, stage);
    const auto visited = results.visit([&](UnitKey key, const UnitResult& result) -> Result<void> {
        if (sweep.state().unit(key).phase != UnitPhase::done) return {};
        const std::string place = fmt::format("{}/{}", sweep.plan().stage(stage).name, key.index);
        const auto rows = parse_rows(result.end.rows);
        if (!result.known || !rows) {
            findings.push_back({"the records of " + place + " cannot be read", restore_remedy});
            return {};
        }
        for (const std::string& column : required) {
            if (!rows->empty() && find_member(rows->back(), column) != nullptr) continue;
            findings.push_back(
                {fmt::format("{} is done without its required column {}", place, column),
                 "report this: it must not happen"}
            );
        }
        return {};
    });
    if (!visited) findings.push_back({visited.error().message, restore_remedy});
}

// Attempts whose output the journal places where the pack has no bytes.
void examine_packs(const SweepReader& sweep, Findings& findings) {
    std::map<std::string, std::uint64_t> needed;
    const auto need = [&needed](const OutputLocation& at) {
        std::uint64_t& bytes = needed[at.pack];
        bytes = std::max(bytes, at.offset + at.length);
    };
    const auto visit = [&](const FactBatch& batch, FactLocation) -> Result<void> {
        for (const Fact& fact : batch.facts) {
            if (const auto* it = std::get_if<UnitFinished>(&fact)) need(it->end.output);
            if (const auto* it = std::get_if<UnitGivenBack>(&fact)) need(it->end.output);
            if (const auto* it = std::get_if<UnitFailed>(&fact)) need(it->end.output);
            if (const auto* it = std::get_if<UnitFoundHopeless>(&fact)) need(it->end.output);
        }
        return {};
    };
    const auto end = replay_journal(sweep.disk(), sweep.layout().journal(), visit);
    if (!end) findings.push_back({end.error().message, restore_remedy});
    for (const auto& [pack, bytes] : needed) {
        if (pack.empty()) continue;
        const auto size = sweep.disk().size(sweep.layout().logs() + "/" + pack);
        if (size && *size >= bytes) continue;
        findings.push_back(
            {fmt::format("the output pack {} is missing or cut short", pack),
             "records are not affected; only `xorch logs` shows less"}
        );
    }
}

// records.tsv is derived while the sweep runs; once nobody runs it, it must say what the journal
// says.
void examine_tables(const SweepReader& sweep, Findings& findings) {
    const auto written = sweep.disk().read(sweep.layout().root + "/records.tsv");
    if (!written || !sweep.end().ended) return;
    auto table = RecordTable::open(sweep, summary_stage(sweep.plan()));
    if (!table) return;
    std::string_view rest = *written;
    bool equal = true;
    const auto sink =
        make_record_sink(RecordFormat::tsv, [&](std::string_view bytes) -> Result<void> {
            equal = equal && rest.substr(0, bytes.size()) == bytes;
            rest.remove_prefix(std::min(rest.size(), bytes.size()));
            return {};
        });
    auto done = sink->begin(table->columns());
    if (done) done = table->visit([&](const TableRow& row) { return sink->add(row.cells); });
    if (done) done = sink->end();
    if (done && equal && rest.empty()) return;
    findings.push_back(
        {"records.tsv does not say what the journal says",
         "the journal is right: `xorch fsck --repair` writes the tables again"}
    );
}

// The journal says which text it belongs to; `resume` refuses any other.
void examine_sweep_file(const SweepReader& sweep, Findings& findings) {
    const auto text = sweep.disk().read(sweep.layout().sweep_file());
    const std::string& wanted = sweep.end().sweep_hash;
    if (!text || wanted.empty() || hash_text(*text) == wanted) return;
    findings.push_back(
        {sweep.layout().sweep_file() + " is not what was submitted: it was edited",
         "undo the edit, or `xorch submit` the changed file as a new sweep"}
    );
}

}  // namespace

Findings examine_sweep(Disk& disk, const SweepLayout& layout) {
    const auto sweep = read_from_the_start(disk, layout);
    if (!sweep)
        return {
            {sweep.error().message, restore_remedy}
        };
    Findings findings;
    if (const auto held = sweep->state().check_invariants(); !held) {
        findings.push_back({held.error().message, "report this: it must not happen"});
    }
    for (std::uint32_t i = 0; i < sweep->plan().stage_count(); ++i) {
        examine_records(*sweep, StageIndex{i}, findings);
    }
    examine_sweep_file(*sweep, findings);
    examine_packs(*sweep, findings);
    examine_tables(*sweep, findings);
    return findings;
}

}  // namespace xorch
