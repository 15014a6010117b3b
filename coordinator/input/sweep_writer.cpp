// A Sweep as the TOML text that parse_frozen() reads back. Everything is spelled out, defaults too,
// so that a sweep does not change its meaning with the program.

#include <fmt/format.h>

#include <algorithm>

#include "coordinator/input/document.h"
#include "coordinator/input/freeze.h"
#include "coordinator/input/quantity.h"

namespace xorch {

namespace {

std::string quoted(std::string_view text) {
    return format_toml_string(text);
}

std::string duration(Millis value) {
    return quoted(format_duration(value));
}

std::string format_value(const Value& value) {
    if (const auto* text = value.get_if<std::string>()) return quoted(*text);
    if (const auto* items = value.get_if<Array>()) {
        std::vector<std::string> texts;
        for (const Value& item : *items)
            texts.push_back(format_value(item));
        return fmt::format("[{}]", fmt::join(texts, ", "));
    }
    // The only table that is a value.
    if (const Value* path = value.find("path")) {
        return fmt::format("{{ path = {} }}", format_value(*path));
    }
    return format_plain(value);
}

std::string format_texts(const std::vector<std::string>& items) {
    std::vector<std::string> texts;
    for (const std::string& item : items)
        texts.push_back(quoted(item));
    return fmt::format("[{}]", fmt::join(texts, ", "));
}

std::string format_members(const Object& object) {
    std::vector<std::string> texts;
    for (const auto& [name, value] : object)
        texts.push_back(fmt::format("{} = {}", quoted(name), format_value(value)));
    return fmt::format("{{ {} }}", fmt::join(texts, ", "));
}

Object condition_members(const Condition& condition) {
    Object members;
    if (!condition.param.empty()) members.emplace_back("param", condition.param);
    if (!condition.metric.empty()) members.emplace_back("metric", condition.metric);
    if (condition.is) members.emplace_back("is", *condition.is);
    if (condition.is_not) members.emplace_back("is_not", *condition.is_not);
    if (!condition.in.empty()) members.emplace_back("in", Value(condition.in));
    if (condition.at_least) members.emplace_back("at_least", *condition.at_least);
    if (condition.at_most) members.emplace_back("at_most", *condition.at_most);
    return members;
}

std::string format_conditions(const std::vector<Condition>& conditions) {
    std::vector<std::string> texts;
    for (const Condition& condition : conditions)
        texts.push_back(format_members(condition_members(condition)));
    return fmt::format("[{}]", fmt::join(texts, ", "));
}

std::string format_checks(const std::vector<Check>& checks) {
    std::vector<std::string> texts;
    for (const Check& check : checks) {
        Object members{
            {"name", check.name}
        };
        if (!check.axis.empty()) members.emplace_back("axis", check.axis);
        if (!check.column.empty()) members.emplace_back("column", check.column);
        if (check.at_least) members.emplace_back("at_least", *check.at_least);
        if (check.at_most) members.emplace_back("at_most", *check.at_most);
        texts.push_back(format_members(members));
    }
    return fmt::format("[{}]", fmt::join(texts, ", "));
}

// A long run of integers in equal steps as a range: a million of them in one line.
std::optional<std::string> format_range(const std::vector<Value>& values) {
    if (values.size() < 3) return std::nullopt;
    std::vector<std::int64_t> numbers;
    for (const Value& value : values) {
        const auto* number = value.get_if<std::int64_t>();
        if (number == nullptr) return std::nullopt;
        numbers.push_back(*number);
    }
    std::int64_t step = 0;
    std::int64_t end = 0;
    if (__builtin_sub_overflow(numbers[1], numbers[0], &step) || step == 0) return std::nullopt;
    for (std::size_t i = 1; i < numbers.size(); ++i) {
        std::int64_t next = 0;
        if (__builtin_add_overflow(numbers[i - 1], step, &next)) return std::nullopt;
        if (next != numbers[i]) return std::nullopt;
    }
    if (__builtin_add_overflow(numbers.back(), step, &end)) return std::nullopt;
    return fmt::format("range = [{}, {}, {}]", numbers.front(), end, step);
}

class Writer {
 public:
    void heading(std::string_view text) { out_ += fmt::format("\n{}\n", text); }

    void line(std::string_view key, std::string_view value) {
        out_ += fmt::format("{} = {}\n", key, value);
    }

    void text_unless_empty(std::string_view key, const std::string& value) {
        if (!value.empty()) line(key, quoted(value));
    }

    void texts_unless_empty(std::string_view key, const std::vector<std::string>& values) {
        if (!values.empty()) line(key, format_texts(values));
    }

    void flag(std::string_view key, bool value) { line(key, value ? "true" : "false"); }

    std::string take() { return std::move(out_); }

 private:
    std::string out_;
};

void write_points(Writer& writer, const Stage& stage) {
    for (const Axis& axis : stage.axes) {
        const auto range = format_range(axis.values);
        writer.line(
            "axes." + quoted(axis.name),
            fmt::format("{{ {} }}", range ? *range : "values = " + format_value(Value(axis.values)))
        );
    }
    for (const Axis& axis : stage.axes) {
        if (axis.when.empty()) continue;
        writer.line("when." + quoted(axis.name), format_conditions(axis.when));
    }
    if (!stage.zip.empty()) {
        std::vector<std::string> groups;
        for (const auto& group : stage.zip)
            groups.push_back(format_texts(group));
        writer.line("zip", fmt::format("[{}]", fmt::join(groups, ", ")));
    }
    if (!stage.exclude.empty()) {
        std::vector<std::string> entries;
        for (const auto& entry : stage.exclude)
            entries.push_back(fmt::format("{{ all = {} }}", format_conditions(entry)));
        writer.line("exclude", fmt::format("[{}]", fmt::join(entries, ", ")));
    }
    if (!stage.params.empty()) writer.line("params", format_members(stage.params));
}

void write_running(Writer& writer, const Stage& stage) {
    const Resources& resources = stage.resources;
    writer.line(
        "resources",
        fmt::format(
            "{{ cpus = {}, gpus = {}, memory = {}, ranks = {}, ranks_per_node = {}, time = {} }}",
            resources.cpus,
            resources.gpus,
            quoted(format_size(resources.memory)),
            resources.ranks,
            resources.ranks_per_node,
            duration(resources.time)
        )
    );
    const Limits& limits = stage.limits;
    writer.line(
        "limits",
        fmt::format(
            "{{ retries = {}, checkpoint_every = {}, timeout = {}, grace = {}, output = {}, disk = "
            "{} "
            "}}",
            limits.retries,
            duration(limits.checkpoint_every),
            duration(limits.timeout),
            duration(limits.grace),
            quoted(format_size(limits.output)),
            quoted(format_size(limits.disk))
        )
    );
    writer.line("records.required", format_texts(stage.records.required));
    writer.texts_unless_empty("records.optional", stage.records.optional);
    writer.texts_unless_empty("records.varies", stage.records.varies);
    const RecordsFrom& from = stage.records.from;
    writer.text_unless_empty("records.from.stdout", from.stdout_pattern);
    writer.text_unless_empty("records.from.json", from.json);
    writer.text_unless_empty("records.from.jsonl", from.jsonl);
    writer.text_unless_empty("records.from.csv", from.csv);
    if (!stage.checks.empty()) writer.line("checks", format_checks(stage.checks));
    const bool keeps_last = stage.checkpoints.after == KeepCheckpoints::last;
    writer.line("checkpoints.after", quoted(keeps_last ? "last" : "none"));
    writer.text_unless_empty("checkpoints.from", stage.checkpoints.from);
    writer.text_unless_empty("stop_signal", stage.stop_signal);
    writer.line("exit_checkpointed", fmt::format("{}", stage.exit_checkpointed));
    writer.line("threads", fmt::format("{}", stage.threads));
    writer.flag("canary", stage.canary);
    writer.line("slurm_env", quoted(stage.keep_slurm_env ? "keep" : "clean"));
}

void write_stage(Writer& writer, const Stage& stage) {
    writer.heading("[[stage]]");
    writer.line("name", quoted(stage.name));
    writer.line("job", quoted(stage.job));
    writer.texts_unless_empty("argv", stage.argv);
    writer.texts_unless_empty("argv_resume", stage.argv_resume);
    writer.text_unless_empty("args", stage.args.style);
    if (stage.shell) writer.flag("shell", true);
    writer.texts_unless_empty("needs", stage.needs);
    writer.text_unless_empty("promote", stage.promote);
    writer.texts_unless_empty("code", stage.code);
    write_points(writer, stage);
    write_running(writer, stage);
    std::vector<std::string> paths;
    for (const auto& [parameter, values] : stage.path_hashes) {
        for (const auto& [path, hash] : values) {
            paths.push_back(format_members({
                {"param", parameter},
                {"path",  path     },
                {"hash",  hash     }
            }));
        }
    }
    writer.line("frozen.job_version", fmt::format("{}", stage.job_version));
    writer.line("frozen.code_hash", quoted(stage.code_hash));
    writer.line("frozen.paths", fmt::format("[{}]", fmt::join(paths, ", ")));
}

std::string format_order(const std::vector<OrderKey>& keys) {
    std::vector<std::string> order;
    for (const OrderKey& key : keys) {
        Object members{
            {"metric",    key.metric                  },
            {"mode",      key.minimise ? "min" : "max"},
            {"tolerance", key.tolerance               }
        };
        if (key.one_standard_error) members.emplace_back("one_standard_error", true);
        order.push_back(format_members(members));
    }
    return fmt::format("[{}]", fmt::join(order, ", "));
}

// What was not said is left out where keys came later than sweeps that were frozen without them:
// their text, and so their name in the journal, stays the same.
void write_select(Writer& writer, const Select& select) {
    writer.heading("[[select]]");
    writer.line("name", quoted(select.name));
    writer.line("from", quoted(select.from));
    writer.line("order", format_order(select.order));
    writer.line("require", format_conditions(select.require));
    writer.line("take", fmt::format("{}", select.take));
    writer.texts_unless_empty("repeats", select.repeats);
    if (select.allow_missing) writer.flag("allow_missing", true);
    if (select.rows == RowsRead::best) writer.line("rows", quoted("best"));
    if (select.rows == RowsRead::mean_of_last) {
        writer.line("rows", quoted("mean_of_last"));
        writer.line("last_rows", fmt::format("{}", select.last_rows));
    }
    std::vector<std::string> alternatives;
    for (const AlternativeOrder& each : select.alternatives) {
        alternatives.push_back(
            fmt::format("{{ name = {}, order = {} }}", quoted(each.name), format_order(each.order))
        );
    }
    if (!alternatives.empty()) {
        writer.line("alternatives", fmt::format("[{}]", fmt::join(alternatives, ", ")));
    }
}

void write_slurm(Writer& writer, const SlurmOptions& slurm) {
    writer.heading("[slurm]");
    writer.text_unless_empty("partition", slurm.partition);
    writer.text_unless_empty("account", slurm.account);
    writer.text_unless_empty("qos", slurm.qos);
    writer.text_unless_empty("constraint", slurm.constraint);
    writer.text_unless_empty("comment", slurm.comment);
    writer.line("nodes", fmt::format("{}", slurm.nodes));
    writer.line("cpus_per_node", fmt::format("{}", slurm.cpus_per_node));
    writer.line("gpus_per_node", fmt::format("{}", slurm.gpus_per_node));
    writer.line("memory_per_node", quoted(format_size(slurm.memory_per_node)));
    writer.line("time", duration(slurm.time));
    writer.line("max_allocations", fmt::format("{}", slurm.max_allocations));
    writer.line("queue_ahead", fmt::format("{}", slurm.queue_ahead));
    writer.line("signal_lead", duration(slurm.signal_lead));
    writer.line("place", quoted(slurm.place == SlurmPlace::host ? "host" : "allocation"));
    writer.text_unless_empty("mpi", slurm.mpi);
    const bool by_mpirun = slurm.launcher == GangLauncher::mpirun;
    writer.line("launcher", quoted(by_mpirun ? "mpirun" : "srun"));
    Object options;
    for (const auto& [name, value] : slurm.options)
        options.emplace_back(name, value.empty() ? Value(true) : Value(value));
    writer.line("options", format_members(options));
}

void write_tuning(Writer& writer, const Tuning& tuning) {
    writer.heading("[tuning]");
    writer.line("heartbeat_every", duration(tuning.heartbeat_every));
    writer.line("suspect_after", duration(tuning.suspect_after));
    writer.line("lost_after", duration(tuning.lost_after));
    writer.line("leaderless_exit", duration(tuning.leaderless_exit));
    writer.line("holder_silent", duration(tuning.holder_silent));
    writer.line("alive_every", duration(tuning.alive_every));
    writer.line("commit_wait", duration(tuning.commit_wait));
    writer.line("inbox_every", duration(tuning.inbox_every));
    writer.line("canary_healthy", duration(tuning.canary_healthy));
    writer.line("drain_slack", duration(tuning.drain_slack));
    writer.line("save_guess", duration(tuning.save_guess));
    writer.line("runner_growth", quoted(format_size(tuning.runner_growth)));
    writer.line("tables_every", duration(tuning.tables_every));
}

void write_stop(Writer& writer, const StopRule& rule) {
    const Condition& condition = rule.condition;
    writer.heading("[[stop]]");
    writer.text_unless_empty("stage", rule.stage);
    writer.line("from_step", fmt::format("{}", rule.from_step));
    for (const auto& [name, value] : condition_members(condition))
        writer.line(name, format_value(value));
}

}  // namespace

std::string format_sweep(const Sweep& sweep) {
    Writer writer;
    writer.heading("[sweep]");
    writer.line("name", quoted(sweep.name));
    writer.line("seed", fmt::format("{}", sweep.seed));
    writer.line("backend", quoted(sweep.backend == BackendKind::slurm ? "slurm" : "local"));
    writer.line("directory", quoted(sweep.directory));
    for (const Stage& stage : sweep.stages)
        write_stage(writer, stage);
    for (const Select& select : sweep.selects)
        write_select(writer, select);
    for (const Gate& gate : sweep.gates) {
        writer.heading("[[gate]]");
        writer.line("name", quoted(gate.name));
        writer.line("select", quoted(gate.select));
        writer.flag("manual", gate.manual);
        writer.text_unless_empty("look_at", gate.look_at);
    }
    for (const StopRule& rule : sweep.stops)
        write_stop(writer, rule);
    writer.heading("[summary]");
    writer.text_unless_empty("stage", sweep.summary.stage);
    writer.line("by", format_texts(sweep.summary.by));
    writer.line("metrics", format_texts(sweep.summary.metrics));
    writer.text_unless_empty("curve", sweep.summary.curve);
    writer.heading("[env]");
    writer.text_unless_empty("setup", sweep.env.setup);
    writer.text_unless_empty("setup_hash", sweep.env.setup_hash);
    writer.line("set", format_members(sweep.env.set));
    writer.line("pass", format_texts(sweep.env.pass));
    writer.heading("[local]");
    writer.line("slots", fmt::format("{}", sweep.local.slots));
    writer.line("time", duration(sweep.local.time));
    write_slurm(writer, sweep.slurm);
    writer.heading("[notify]");
    writer.line("command", format_texts(sweep.notify.command));
    writer.heading("[net]");
    writer.text_unless_empty("interface", sweep.interface);
    write_tuning(writer, sweep.tuning);
    return writer.take().substr(1);
}

}  // namespace xorch
