#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "coordinator/input/freeze.h"
#include "coordinator/report/text.h"
#include "core/json.h"
#include "core/plan.h"
#include "core/record.h"
#include "tools/cli/private_folder.h"
#include "tools/cli/rehearse/rehearsal.h"
#include "tools/cli/run/local_checks.h"
#include "tools/cli/run/native_program.h"
#include "tools/cli/run/sweep_source.h"
#include "tools/cli/verbs.h"
#include "worker/os/hardware.h"

namespace xorch {

namespace {

namespace fs = std::filesystem;

struct RehearseOptions {
    SweepSource source;
    std::string only;  // stage
    double minutes = 10;
    bool json = false;
};

// The rehearsed unit of each stage so far, as an input of later ones.
using Inputs = std::map<std::string, Value>;

// A login node is no place for more, and what is rehearsed is how ranks start, stop and resume.
constexpr std::uint32_t rehearsed_ranks_max = 8;

struct Programs {
    std::string own;
    std::string native;
};

struct StageRehearsal {
    std::string stage;
    std::vector<RehearsalFinding> findings;
    bool resumed = false;  // it went on from a checkpoint
};

Result<Assignment> first_unit(const Plan& plan, StageIndex stage, const Inputs& inputs) {
    const UnitKey unit{stage, 0};
    Assignment assignment{.unit = unit, .id = plan.id(unit), .seed = plan.seed(unit)};
    assignment.params = format_json(plan.parameters(unit));
    if (plan.stage(stage).needs.empty()) return assignment;
    Array list;
    for (const std::string& need : plan.stage(stage).needs) {
        const auto input = inputs.find(need);
        if (input == inputs.end()) {
            return fail(
                ErrorCode::usage,
                fmt::format(
                    "stage {} needs {}, which did not end well in the rehearsal",
                    plan.stage(stage).name,
                    need
                )
            );
        }
        list.push_back(input->second);
    }
    assignment.inputs = format_json(list);
    return assignment;
}

Value as_input(const Plan& plan, const Assignment& unit, const Rehearsed& rehearsed) {
    Array records;
    if (const auto rows = parse_rows(rehearsed.seen.whole.end.rows)) {
        for (const Object& row : *rows)
            records.emplace_back(row);
    }
    return Object{
        {"stage",   plan.stage(unit.unit.stage).name},
        {"unit",    format_unit_id(unit.id)         },
        {"params",  plan.parameters(unit.unit)      },
        {"dir",     rehearsed.out                   },
        {"records", records                         }
    };
}

// A stage that promotes a selection is rehearsed with the first unit of the stage that is selected
// from.
Result<void> promote_first_units(Plan& plan) {
    const Sweep& sweep = plan.sweep();
    for (std::uint32_t i = 0; i < sweep.selects.size(); ++i) {
        const auto from = find_stage(sweep, sweep.selects[i].from);
        if (!from || plan.unit_count(StageIndex{*from}) == 0) continue;
        const UnitKey chosen{StageIndex{*from}, 0};
        if (auto promoted = plan.promote(i, {&chosen, 1}); !promoted) return promoted;
    }
    return {};
}

class Rehearse {
 public:
    Rehearse(
        const RehearseOptions& options,
        const FrozenSweep& frozen,
        const std::string& folder,
        Programs programs
    )
        : options_(options), frozen_(frozen), folder_(folder), programs_(std::move(programs)) {}

    Result<std::vector<StageRehearsal>> run() {
        auto plan = Plan::make(frozen_.sweep);
        if (!plan) return fail_at_source(options_.source, plan.error());
        if (auto promoted = promote_first_units(*plan); !promoted)
            return tl::unexpected(promoted.error());
        const std::string code = folder_ + "/code";
        std::error_code error;
        fs::create_directory(code, error);
        if (auto copied = copy_code(frozen_, folder_); !copied)
            return tl::unexpected(copied.error());
        for (std::uint32_t i = 0; i < plan->stage_count(); ++i) {
            const StageIndex stage{i};
            if (plan->stage(stage).job == "noop" || plan->unit_count(stage) == 0) continue;
            if (auto rehearsed = run_stage(*plan, stage, code); !rehearsed)
                return tl::unexpected(rehearsed.error());
            if (plan->stage(stage).name == options_.only) break;
        }
        return std::move(stages_);
    }

 private:
    Result<void> run_stage(const Plan& plan, StageIndex stage, const std::string& code) {
        auto assignment = first_unit(plan, stage, inputs_);
        if (!assignment) return tl::unexpected(assignment.error());
        const std::string& name = plan.stage(stage).name;
        RehearsalSettings settings;
        settings.folder = folder_ + "/" + name;
        settings.code = code;
        settings.program = programs_.own;
        settings.native_program = programs_.native;
        settings.attempt_max = Millis{static_cast<std::int64_t>(options_.minutes * 60'000)};
        settings.say = [&](std::string_view line) {
            if (!options_.json) fmt::print("{}/0: {}\n", name, line);
            std::fflush(stdout);
        };
        if (plan.stage(stage).resources.is_gang())
            place_ranks(plan.stage(stage), *assignment, settings);
        std::error_code error;
        fs::create_directory(settings.folder, error);
        auto rehearsed = rehearse(plan.sweep(), {stage, *assignment}, settings);
        if (!rehearsed) return tl::unexpected(rehearsed.error());
        const RehearsalSeen& seen = rehearsed->seen;
        const bool resumed = seen.resumed && seen.resumed->given_resume;
        stages_.push_back({name, judge(plan.stage(stage), seen), resumed});
        if (seen.whole.end.cause == Cause::none) {
            inputs_.emplace(name, as_input(plan, *assignment, *rehearsed));
        }
        return {};
    }

    // All on this machine, however many nodes the stage asks for.
    static void place_ranks(
        const Stage& stage, Assignment& assignment, const RehearsalSettings& settings
    ) {
        const std::uint32_t ranks = std::min(stage.resources.ranks, rehearsed_ranks_max);
        assignment.hosts = {
            {host_name(), ranks}
        };
        const std::string those = ranks < stage.resources.ranks
                                      ? fmt::format("{} of its {}", ranks, stage.resources.ranks)
                                      : fmt::format("its {}", ranks);
        settings.say(fmt::format("as a gang of {} ranks on this machine", those));
    }

    const RehearseOptions& options_;
    const FrozenSweep& frozen_;
    std::string folder_;
    Programs programs_;
    Inputs inputs_;
    std::vector<StageRehearsal> stages_;
};

bool is_serious(const std::vector<StageRehearsal>& stages) {
    for (const StageRehearsal& stage : stages) {
        for (const RehearsalFinding& finding : stage.findings) {
            if (finding.serious) return true;
        }
    }
    return false;
}

void print_findings(const std::vector<StageRehearsal>& stages, const std::string& file) {
    for (const StageRehearsal& stage : stages) {
        for (const RehearsalFinding& finding : stage.findings) {
            const std::string text = fmt::format(
                "\n{} {}: {}\n  {}",
                finding.serious ? "MISTAKE" : "note",
                stage.stage,
                finding.what,
                finding.remedy
            );
            fmt::print("{}\n", escape_for_terminal(text, Newlines::keep));
        }
    }
    if (is_serious(stages)) {
        fmt::print("\nMend these first; then rehearse again: `xorch rehearse {}`\n", file);
    } else {
        const bool resumed = std::all_of(stages.begin(), stages.end(), [](const auto& stage) {
            return stage.resumed;
        });
        fmt::print(
            "\nReady: it {}. Next: `xorch submit {}`\n",
            resumed ? "runs, stops, resumes and records as it should"
                    : "runs and records as it should; it ended before it could be resumed",
            file
        );
    }
}

void print_json(const std::vector<StageRehearsal>& stages) {
    Array findings;
    for (const StageRehearsal& stage : stages) {
        for (const RehearsalFinding& finding : stage.findings) {
            findings.push_back(Object{
                {"stage",   stage.stage                  },
                {"mistake", mistake_name(finding.mistake)},
                {"serious", finding.serious              },
                {"what",    finding.what                 },
                {"remedy",  finding.remedy               }
            });
        }
    }
    fmt::print(
        "{}\n",
        format_json_pretty(Object{
            {"findings", findings}
    })
    );
}

Result<ExitCode> rehearse_sweep(const Context& context, const RehearseOptions& options) {
    auto read = read_sweep(options.source);
    if (!read) return tl::unexpected(read.error());
    if (!options.only.empty() && !find_stage(*read, options.only)) {
        return fail(ErrorCode::usage, fmt::format("the sweep has no stage {}", options.only));
    }
    auto frozen = freeze(*read);
    if (!frozen) return fail_at_source(options.source, frozen.error());
    // Whatever will run it, it is rehearsed here.
    frozen->sweep.backend = BackendKind::local;
    if (auto checked = check_launcher_here(frozen->sweep); !checked) {
        return tl::unexpected(checked.error());
    }
    auto folder = PrivateFolder::make(context.home, "rehearsal");
    if (!folder) return tl::unexpected(folder.error());
    const auto native_program = native_program_for(frozen->sweep, context.program);
    if (!native_program) return tl::unexpected(native_program.error());
    auto stages =
        Rehearse(options, *frozen, folder->path(), {context.program, *native_program}).run();
    if (!stages) return tl::unexpected(stages.error());
    if (options.json) {
        print_json(*stages);
    } else {
        print_findings(*stages, options.source.file);
    }
    return is_serious(*stages) ? ExitCode::units_failed : ExitCode::complete;
}

}  // namespace

void add_rehearse(CLI::App& app, Context& context) {
    auto& options = context.keep<RehearseOptions>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "rehearse",
         .group = VerbGroup::run,
         .purpose = "Run, stop, kill and resume one unit of each stage, and say what it does wrong",
         .example = "xorch rehearse sweep.toml"},
        [&context, &options] { return rehearse_sweep(context, options); }
    );
    add_sweep_source(verb, options.source);
    verb.option("--stage", options.only, "Stop after this stage");
    verb.option("--minutes", options.minutes, "Stop a run that takes longer").show_default();
    add_json_flag(verb, options.json);
}

}  // namespace xorch
