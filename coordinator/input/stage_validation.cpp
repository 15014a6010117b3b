// What must hold within one stage beyond types and ranges.

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "coordinator/input/pattern.h"
#include "coordinator/input/reading.h"
#include "core/command_line.h"
#include "core/json.h"

namespace xorch {

namespace {

class StageCheck {
 public:
    StageCheck(
        ReadingContext& context,
        const StageSource& source,
        const std::vector<std::string>& inherited
    )
        : context_(context), source_(source), stage_(source.stage) {
        // Also those whose values are wrong, so that one mistake makes one complaint.
        for (const auto& [name, place] : source.names)
            parameters_.push_back(name);
        parameters_.insert(parameters_.end(), inherited.begin(), inherited.end());
    }

    void run() {
        check_job();
        check_command();
        check_records();
        check_axes();
        check_zip();
        check_conditions();
        check_resources();
    }

 private:
    void complain(SourcePlace place, std::string_view what) {
        context_.complaints.add(place, fmt::format("stage \"{}\": {}", stage_.name, what));
    }

    bool is_parameter(const std::string& name) const {
        return std::find(parameters_.begin(), parameters_.end(), name) != parameters_.end();
    }

    void check_job();
    void check_ranks(const JobDeclaration& job);
    void check_parameters(const JobDeclaration& job);
    bool check_value(const ParameterDeclaration& declared, const Value& value, SourcePlace place);
    void check_command();
    void check_placeholders(std::string_view key, const std::vector<std::string>& argv);
    std::string placeholder_problem(const std::string& name) const;
    void check_records();
    void check_axes();
    void check_zip();
    void check_conditions();
    void check_resources();

    ReadingContext& context_;
    const StageSource& source_;
    const Stage& stage_;
    std::vector<std::string> parameters_;
};

void StageCheck::check_job() {
    if (stage_.job == "command" && context_.options.jobs.empty()) return;
    std::vector<std::string> names;
    for (const JobDeclaration& job : context_.options.jobs) {
        if (job.name == stage_.job) {
            check_ranks(job);
            return check_parameters(job);
        }
        names.push_back(job.name);
    }
    if (stage_.job == "command" || context_.frozen) return;
    complain(
        source_.place("job"),
        fmt::format("unknown job {}{}", format_json(Value(stage_.job)), suggest(stage_.job, names))
    );
}

void StageCheck::check_ranks(const JobDeclaration& job) {
    if (!stage_.resources.is_gang() || job.gang || context_.frozen) return;
    complain(
        source_.place("resources"),
        fmt::format(
            "ranks is {}, but a unit of job \"{}\" has one; `xorch jobs {}` says so",
            stage_.resources.ranks,
            job.name,
            job.name
        )
    );
}

void StageCheck::check_parameters(const JobDeclaration& job) {
    std::vector<std::string> names;
    for (const ParameterDeclaration& parameter : job.parameters) {
        names.push_back(parameter.name);
        if (parameter.default_value || is_parameter(parameter.name)) continue;
        complain(
            source_.node->place,
            fmt::format("job \"{}\" needs the parameter \"{}\"", job.name, parameter.name)
        );
    }
    for (const auto& [name, place] : source_.names) {
        if (job.other_parameters || find_parameter(job, name) != nullptr) continue;
        complain(
            place,
            fmt::format(
                "job \"{}\" has no parameter \"{}\"{}", job.name, name, suggest(name, names)
            )
        );
    }
    for (const Axis& axis : stage_.axes) {
        const ParameterDeclaration* declared = find_parameter(job, axis.name);
        if (declared == nullptr) continue;
        const auto places = source_.values.find(axis.name);
        for (std::size_t i = 0; i < axis.values.size(); ++i) {
            const bool placed = places != source_.values.end() && i < places->second.size();
            const SourcePlace place =
                placed ? places->second[i] : source_.names.find(axis.name)->second;
            // Of a range one complaint is enough, since all its values stand in one place.
            if (!check_value(*declared, axis.values[i], place) && !placed) break;
        }
    }
    for (const Member& member : stage_.params) {
        const ParameterDeclaration* declared = find_parameter(job, member.first);
        if (declared == nullptr) continue;
        check_value(*declared, member.second, source_.names.find(member.first)->second);
    }
}

bool StageCheck::check_value(
    const ParameterDeclaration& declared, const Value& value, SourcePlace place
) {
    const auto checked = check_parameter(declared, value);
    if (checked) return true;
    complain(place, fmt::format("\"{}\" {}", declared.name, checked.error().message));
    return false;
}

void StageCheck::check_command() {
    if (stage_.job != "command") {
        for (const char* key : {"argv", "argv_resume", "args", "shell", "code"}) {
            if (source_.node->find(key) == nullptr) continue;
            complain(
                source_.place(key),
                fmt::format("\"{}\" is for job = \"command\"; \"{}\" is built in", key, stage_.job)
            );
        }
        return;
    }
    if (stage_.argv.empty() && source_.node->find("argv") == nullptr) {
        complain(
            source_.place("argv"),
            "job \"command\" needs argv, for example argv = [\"python3\", \"{code}/train.py\"]"
        );
    }
    for (const char* key : {"argv", "argv_resume"}) {
        const auto& argv = std::string_view(key) == "argv" ? stage_.argv : stage_.argv_resume;
        if (stage_.shell && argv.size() > 1) {
            complain(source_.place(key), fmt::format("with shell = true {} is one text", key));
        }
        if (!argv.empty() && argv.front().empty()) {
            complain(source_.place(key), fmt::format("{} names no program", key));
        }
        check_placeholders(key, argv);
    }
    if (const auto style = check_arguments_style(stage_.args.style); !style) {
        complain(source_.place("args"), style.error().message);
    }
}

void StageCheck::check_placeholders(std::string_view key, const std::vector<std::string>& argv) {
    for (std::size_t i = 0; i < argv.size(); ++i) {
        const auto names = placeholders(argv[i], stage_.shell);
        if (!names) {
            complain(source_.place(key, i), names.error().message);
            continue;
        }
        for (const std::string& name : *names) {
            const std::string problem = placeholder_problem(name);
            if (!problem.empty()) complain(source_.place(key, i), problem);
        }
    }
}

// Empty if the placeholder names something.
std::string StageCheck::placeholder_problem(const std::string& name) const {
    if (is_parameter(name)) return "";
    if (name == "code" && stage_.code.empty()) {
        return "{code} names the copy of the code, but no code is declared; add code = "
               "[\"train.py\"]";
    }
    std::vector<std::string> known = parameters_;
    for (const char* builtin : {"code", "out", "checkpoint", "resume", "seed"})
        known.emplace_back(builtin);
    for (const std::string& need : stage_.needs)
        known.push_back("inputs." + need + ".dir");
    if (std::find(known.begin(), known.end(), name) != known.end()) return "";
    return fmt::format(
        "unknown placeholder {{{}}}{}; write {{{{ for a brace", name, suggest(name, known)
    );
}

void StageCheck::check_records() {
    const RecordsFrom& from = stage_.records.from;
    const Node* records = source_.node->find("records");
    const Node* node = records == nullptr ? nullptr : records->find("from");
    if (node == nullptr) return;
    if (node->kind != NodeKind::table || node->members.size() != 1) {
        complain(node->place, "records.from needs exactly one of stdout, json, jsonl, csv");
        return;
    }
    if (stage_.job != "command") {
        complain(
            node->place, "records.from is for job = \"command\"; built-in jobs report themselves"
        );
    }
    if (node->find("stdout") == nullptr) {
        const bool named = !from.json.empty() || !from.jsonl.empty() || !from.csv.empty();
        if (!named) complain(node->place, "records.from names no file");
        return;
    }
    const auto columns = pattern_groups(from.stdout_pattern);
    if (!columns) {
        complain(node->find("stdout")->place, columns.error().message);
        return;
    }
    for (std::size_t i = 0; i < stage_.records.required.size(); ++i) {
        const std::string& column = stage_.records.required[i];
        if (std::find(columns->begin(), columns->end(), column) != columns->end()) continue;
        complain(
            records->place,
            fmt::format(
                "required column \"{}\" is no group of the pattern{}",
                column,
                suggest(column, *columns)
            )
        );
    }
}

void StageCheck::check_axes() {
    for (const Axis& axis : stage_.axes) {
        const auto places = source_.values.find(axis.name);
        const bool zipped =
            std::any_of(stage_.zip.begin(), stage_.zip.end(), [&](const auto& group) {
                return std::find(group.begin(), group.end(), axis.name) != group.end();
            });
        if (zipped || places == source_.values.end()) continue;
        std::unordered_set<std::string> seen;
        for (std::size_t i = 0; i < axis.values.size(); ++i) {
            if (seen.insert(format_canonical_json(axis.values[i])).second) continue;
            complain(
                places->second[i],
                fmt::format(
                    "axis \"{}\" has {} twice, which makes equal units; for repetitions add an "
                    "axis "
                    "such as repeat = {{ range = [0, 5] }}",
                    axis.name,
                    format_json(axis.values[i])
                )
            );
        }
    }
}

void StageCheck::check_zip() {
    std::unordered_set<std::string_view> used;
    std::vector<std::string> names;
    for (const Axis& axis : stage_.axes)
        names.push_back(axis.name);
    for (std::size_t z = 0; z < stage_.zip.size(); ++z) {
        const SourcePlace place = source_.place("zip", z);
        const Axis* first = nullptr;
        for (const std::string& name : stage_.zip[z]) {
            const auto axis = std::find(names.begin(), names.end(), name);
            if (axis == names.end()) {
                complain(place, fmt::format("zip: no axis \"{}\"{}", name, suggest(name, names)));
                continue;
            }
            const Axis& found = stage_.axes[static_cast<std::size_t>(axis - names.begin())];
            if (!used.insert(found.name).second) {
                complain(place, fmt::format("zip names axis \"{}\" twice", name));
            }
            if (first == nullptr) first = &found;
            if (first->values.size() != found.values.size()) {
                complain(
                    place,
                    fmt::format(
                        "zipped axes must be equally long: \"{}\" has {} values, \"{}\" has {}",
                        first->name,
                        first->values.size(),
                        found.name,
                        found.values.size()
                    )
                );
            }
        }
    }
}

void StageCheck::check_conditions() {
    const auto check = [&](const Condition& condition, SourcePlace place, const std::string& of) {
        if (condition.param.empty() || is_parameter(condition.param)) return;
        complain(
            place,
            fmt::format(
                "{} names no parameter: \"{}\"{}",
                of,
                condition.param,
                suggest(condition.param, parameters_)
            )
        );
    };
    std::unordered_set<std::string_view> later;
    for (const Axis& axis : stage_.axes)
        later.insert(axis.name);
    for (const Axis& axis : stage_.axes) {
        for (const Condition& condition : axis.when) {
            const SourcePlace place = source_.condition_places.find(axis.name)->second.front();
            check(condition, place, "when." + axis.name);
            if (!later.contains(condition.param)) continue;
            complain(
                place,
                fmt::format(
                    "when.{} depends on \"{}\", which must be written before it",
                    axis.name,
                    condition.param
                )
            );
        }
        later.erase(axis.name);
    }
    for (std::size_t i = 0; i < stage_.exclude.size(); ++i) {
        for (const Condition& condition : stage_.exclude[i])
            check(condition, source_.exclude_places[i], "exclude");
    }
}

void StageCheck::check_resources() {
    const Resources& resources = stage_.resources;
    if (resources.ranks_per_node > resources.ranks) {
        complain(
            source_.place("resources"),
            fmt::format(
                "ranks_per_node is {}, but the unit has {} ranks",
                resources.ranks_per_node,
                resources.ranks
            )
        );
    }
    // A sweep that was accepted before this was asked for must still be read.
    if (stage_.job != "command" && !context_.frozen && stage_.threads > resources.cpus) {
        complain(
            source_.place("threads"),
            fmt::format(
                "threads is {}, but resources.cpus only {}; threads beyond it would share the "
                "processors of other units",
                stage_.threads,
                resources.cpus
            )
        );
    }
    const Limits& limits = stage_.limits;
    if (limits.timeout.count() > 0 && resources.time > limits.timeout) {
        complain(source_.place("limits"), "limits.timeout is shorter than resources.time");
    }
}

}  // namespace

void check_stage(
    ReadingContext& context, const StageSource& source, const std::vector<std::string>& inherited
) {
    StageCheck(context, source, inherited).run();
}

}  // namespace xorch
