#include <fmt/format.h>

#include <algorithm>

#include "coordinator/report/text.h"
#include "core/json.h"
#include "jobs/declaration.h"
#include "tools/cli/read/read_sweep.h"
#include "tools/cli/run/native_program.h"
#include "tools/cli/verbs.h"

namespace xorch {

namespace {

struct JobsOptions {
    std::string name;
    bool json = false;
};

std::string spell_default(const ParameterDeclaration& parameter) {
    return parameter.default_value ? format_json(*parameter.default_value) : "(must be given)";
}

std::string spell_range(const ParameterDeclaration& parameter) {
    if (!parameter.choices.empty()) return fmt::format("{}", fmt::join(parameter.choices, "|"));
    std::string range;
    if (parameter.minimum && parameter.maximum) {
        range = fmt::format("{} to {}", *parameter.minimum, *parameter.maximum);
    } else if (parameter.minimum) {
        range = fmt::format("at least {}", *parameter.minimum);
    } else if (parameter.maximum) {
        range = fmt::format("at most {}", *parameter.maximum);
    }
    return range;
}

Object as_json(const ParameterDeclaration& parameter) {
    Object object{
        {"name", parameter.name                                  },
        {"type", std::string(parameter_type_name(parameter.type))},
        {"unit", parameter.unit                                  },
        {"doc",  parameter.doc                                   }
    };
    if (parameter.default_value) object.emplace_back("default", *parameter.default_value);
    if (parameter.minimum) object.emplace_back("minimum", *parameter.minimum);
    if (parameter.maximum) object.emplace_back("maximum", *parameter.maximum);
    if (!parameter.choices.empty()) {
        Array choices;
        for (const std::string& choice : parameter.choices)
            choices.emplace_back(choice);
        object.emplace_back("choices", std::move(choices));
    }
    return object;
}

Object as_json(const JobDeclaration& job, bool runs_here) {
    Array parameters;
    for (const ParameterDeclaration& parameter : job.parameters)
        parameters.emplace_back(as_json(parameter));
    Array checks;
    for (const Check& check : job.checks)
        checks.emplace_back(check.name);
    Array columns;
    for (const ColumnDeclaration& column : job.columns)
        columns.emplace_back(Object{
            {"name", column.name},
            {"doc",  column.doc }
        });
    Array shapes;
    for (const ShapeDeclaration& shape : job.shapes)
        shapes.emplace_back(Object{
            {"name",  shape.name },
            {"shape", shape.shape},
            {"doc",   shape.doc  }
        });
    return {
        {"name",             job.name                 },
        {"version",          std::int64_t{job.version}},
        {"doc",              job.doc                  },
        {"source",           job.source               },
        {"needs_runner",     job.needs_runner         },
        {"runs_here",        runs_here                },
        {"gang",             job.gang                 },
        {"parameters",       std::move(parameters)    },
        {"other_parameters", job.other_parameters     },
        {"columns",          std::move(columns)       },
        {"checks",           std::move(checks)        },
        {"shapes",           std::move(shapes)        }
    };
}

void print_list(const std::vector<JobDeclaration>& jobs, const Context& context, bool has_runner) {
    if (!context.terminal.is_terminal) fmt::print("job\tversion\truns_here\tdoc\n");
    TextTable table({Align::left, Align::left});
    bool is_any_missing = false;
    for (const JobDeclaration& job : jobs) {
        const bool runs_here = has_runner || !job.needs_runner;
        is_any_missing = is_any_missing || !runs_here;
        if (context.terminal.is_terminal) {
            table.add({job.name + (runs_here ? "" : " *"), job.doc});
        } else {
            fmt::print(
                "{}\t{}\t{}\t{}\n", job.name, job.version, runs_here ? "yes" : "no", job.doc
            );
        }
    }
    if (!context.terminal.is_terminal) return;
    print_lines(table.lines());
    fmt::print("\n`xorch jobs NAME` shows the parameters of one.\n");
    if (!is_any_missing) return;
    fmt::print("* {}\n", require_native_program(context.program, "this").error().message);
}

void print_job(const JobDeclaration& job, const Context& context, bool runs_here) {
    fmt::print("{}, version {}\n{}\n", job.name, job.version, job.doc);
    if (!job.source.empty()) fmt::print("source: {}\n", job.source);
    fmt::print("ranks: {}\n", job.gang ? "one or several (resources.ranks)" : "one; no gangs");
    if (!runs_here) {
        const auto missing = require_native_program(context.program, "it");
        fmt::print("{}\n", missing.error().message);
    }
    fmt::print("\nparameters{}:\n", job.other_parameters ? " (and any others)" : "");
    TextTable parameters(
        {Align::left, Align::left, Align::left, Align::left, Align::left, Align::left}
    );
    parameters.add({"  name", "type", "default", "range", "unit", "meaning"});
    for (const ParameterDeclaration& parameter : job.parameters) {
        parameters.add(
            {"  " + parameter.name,
             std::string(parameter_type_name(parameter.type)),
             spell_default(parameter),
             spell_range(parameter),
             parameter.unit,
             parameter.doc}
        );
    }
    print_lines(parameters.lines());
    if (!job.columns.empty()) fmt::print("\ncolumns of its records:\n");
    TextTable columns({Align::left, Align::left});
    for (const ColumnDeclaration& column : job.columns)
        columns.add({"  " + column.name, column.doc});
    print_lines(columns.lines());
    if (!job.checks.empty()) fmt::print("\nchecks that `xorch audit` makes of them:\n");
    for (const Check& check : job.checks)
        fmt::print("  {}\n", check.name);
    if (!job.shapes.empty()) fmt::print("\nshapes:\n");
    TextTable shapes({Align::left, Align::left, Align::left});
    for (const ShapeDeclaration& shape : job.shapes)
        shapes.add({"  " + shape.name, shape.shape, shape.doc});
    print_lines(shapes.lines());
}

Result<ExitCode> show_jobs(const Context& context, const JobsOptions& options) {
    const std::vector<JobDeclaration> jobs = job_declarations();
    const bool has_runner = has_native_program(context.program);
    const auto named = std::find_if(jobs.begin(), jobs.end(), [&](const JobDeclaration& job) {
        return job.name == options.name;
    });
    if (!options.name.empty() && named == jobs.end()) {
        return fail(
            ErrorCode::not_found,
            fmt::format("there is no job \"{}\"; `xorch jobs` lists them", options.name)
        );
    }
    if (options.json) {
        Array list;
        for (const JobDeclaration& job : jobs) {
            if (!options.name.empty() && job.name != options.name) continue;
            list.emplace_back(as_json(job, has_runner || !job.needs_runner));
        }
        fmt::print("{}\n", format_json_pretty(Value(std::move(list))));
    } else if (options.name.empty()) {
        print_list(jobs, context, has_runner);
    } else {
        print_job(*named, context, has_runner || !named->needs_runner);
    }
    return ExitCode::complete;
}

}  // namespace

void add_jobs(CLI::App& app, Context& context) {
    auto& options = context.keep<JobsOptions>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "jobs",
         .group = VerbGroup::site,
         .purpose = "What a stage's job can be, with parameters, types, ranges and columns",
         .example = "xorch jobs noop"},
        [&context, &options] { return show_jobs(context, options); }
    );
    verb.option("name", options.name, "One job; none = a list of all").type_name("NAME");
    add_json_flag(verb, options.json);
}

}  // namespace xorch
