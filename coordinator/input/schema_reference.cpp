// docs/sweep-file.md, written from the same tables that the parser reads by.

#include <fmt/format.h>

#include "coordinator/input/schema.h"
#include "coordinator/input/sweep_file.h"
#include "core/slurm_options.h"

namespace xorch {

namespace {

constexpr std::string_view introduction = R"(# The sweep file

Generated from the schema that the parser uses; do not edit. A sweep file is TOML 1.0, at most 4 MiB,
nested at most 32 deep. Values are typed: `1` is an integer, `1.0` a float, `"1"` a string, and none
is taken for another, except an integer where a float is asked for. An unknown key is an error.

## Axes

    axes.lr = { values = [1e-4, 1e-3] }   # or short: axes.lr = [1e-4, 1e-3]
    axes.repeat = { range = [0, 5] }      # 0 1 2 3 4; a third number is the step
    axes.data = { values = [{ path = "data/a" }, { path = "data/b" }] }

A stage has one unit per point of the product of its axes, the first axis slowest. An axis name may
contain dots (`axes."optimizer.lr"` and `axes.optimizer.lr` are the same axis). No value may appear
twice in an axis that is not zipped.

    zip = [["lr", "epochs"]]                                  # advance together
    when.width = { param = "model", is = "cnn" }              # the axis exists only there
    exclude = [ { param = "lr", at_least = 1 },               # left out if this holds,
                { all = [ { param = "model", is = "mlp" },    # or if all of these hold
                          { param = "width", in = [64, 128] } ] } ]

A missing value and NaN satisfy no condition.

## Parameters

    params = { epochs = 20, data = { path = "$XORCH_DATA/mitbih" } }

Parameters are equal for all units of the stage: booleans, integers, floats, strings, arrays of
those, and paths. A path is relative to the file that names it, may start with an environment variable,
and must exist; units get it absolute, and its contents are part of their identity. Nested tables
make names with dots. A parameter named `seed` is the unit's seed.

## Placeholders

`argv` and `argv_resume` may name in braces any parameter and `{code} {out} {checkpoint} {resume}
{seed} {inputs.<stage>.dir}`; `{{` is a brace. A placeholder stays inside its argument.

## Overrides

`--set key=value` overrides the file, with the keys as below: `--set local.time=60s`,
`--set stage.train.limits.retries=1`, `--set stage.train.axes.lr=[0.1]`, `--set select.best.take=2`.
A value that is no TOML is taken as a string.
)";

constexpr std::string_view site_files = R"(
## Site files

A site file gives defaults: its tables apply where the sweep file does not say otherwise. A sweep file
names some with `include`; the environment variable `XORCH_SITE` names one more, for all sweeps, below
those. `[enforce]` of a site file caps what a sweep may ask for, for example `slurm.nodes = 4`: more is
refused with both numbers and both places.
)";

constexpr std::string_view about_stop = R"(
With the keys of a condition it says which rows show that a unit is hopeless, for example
`{ metric = "recall_N", at_most = 0.0, from_step = 2 }` or `{ metric = "loss", is = nan }`; a missing
value shows nothing, NaN only to `is = nan`. The unit ends there: it is asked to stop, its rows up to
that one are kept, and it counts as neither done nor failed. No retry runs it again; a sweep file with
another rule is a new sweep and judges anew. What needs it runs on its other inputs and is told
(`"hopeless": true` in `XORCH_INPUTS`); if it has no other, it is hopeless, too.
)";

std::string_view type_word(KeyType type) {
    switch (type) {
        case KeyType::text:
            return "string";
        case KeyType::name:
            return "name";
        case KeyType::integer:
            return "integer";
        case KeyType::number:
            return "number";
        case KeyType::boolean:
            return "boolean";
        case KeyType::duration:
            return "duration";
        case KeyType::size:
            return "size";
        case KeyType::texts:
            return "strings";
        case KeyType::scalar:
            return "value";
        case KeyType::scalars:
            return "values";
        case KeyType::custom:
            return "see there";
    }
    return "?";
}

std::string format_limits(const KeyText& key) {
    if (!key.choices.empty()) return fmt::format("{}", fmt::join(key.choices, ", "));
    if (key.type != KeyType::integer && key.type != KeyType::number) return "";
    const bool low = key.minimum > -std::numeric_limits<double>::infinity();
    const bool high = key.maximum < std::numeric_limits<double>::infinity();
    if (low && high) return fmt::format("{:.0f} to {:.0f}", key.minimum, key.maximum);
    return low ? fmt::format("at least {:.0f}", key.minimum) : "";
}

void add_table(std::string& out, std::string_view heading, const std::vector<KeyText>& keys) {
    out += fmt::format("\n## {}\n\n", heading);
    out += "| key | type | default | range | meaning |\n| --- | --- | --- | --- | --- |\n";
    for (const KeyText& key : keys) {
        const std::string fallback = key.required           ? "required"
                                     : key.fallback.empty() ? ""
                                                            : "`" + key.fallback + "`";
        out += fmt::format(
            "| `{}` | {} | {} | {} | {} |\n",
            key.name,
            type_word(key.type),
            fallback,
            format_limits(key),
            key.doc
        );
    }
}

void add_slurm_options(std::string& out) {
    out +=
        "\n## Slurm: options\n\nFurther options of sbatch, under its own names: "
        "`options = { reservation = \"demo\", exclusive = true }`.\n\n"
        "| option | meaning |\n| --- | --- |\n";
    for (const SlurmRule& rule : slurm_option_rules())
        out += fmt::format("| `{}` | {} |\n", rule.name, rule.doc);
}

}  // namespace

std::string sweep_file_reference() {
    std::string out(introduction);
    out +=
        "\nDurations: `\"500ms\"`, `\"60s\"`, `\"1h30m\"`, `\"2d\"`, `\"1-02:03:04\"`. Sizes: "
        "`\"512M\"`, `\"1G\"`\n(powers of 1024). Both may be 0. A name is 1 to 64 characters of "
        "`A-Z a-z "
        "0-9 . _ -`.\n";
    add_table(out, "The file", key_texts(top_keys()));
    add_table(out, "[sweep]", key_texts(sweep_keys()));
    add_table(out, "[[stage]]", key_texts(stage_keys()));
    add_table(out, "Stage: resources", key_texts(resources_keys()));
    add_table(out, "Stage: limits", key_texts(limits_keys()));
    add_table(out, "Stage: records", key_texts(records_keys()));
    add_table(out, "Stage: records.from", key_texts(records_from_keys()));
    add_table(out, "Stage: checks", key_texts(check_keys()));
    add_table(out, "Stage: checkpoints", key_texts(checkpoints_keys()));
    add_table(out, "[[select]]", key_texts(select_keys()));
    add_table(out, "Select: order", key_texts(order_keys()));
    add_table(out, "Select: alternatives", key_texts(alternative_keys()));
    add_table(out, "[[gate]]", key_texts(gate_keys()));
    add_table(out, "[[stop]]", key_texts(stop_keys()));
    out += about_stop;
    add_table(out, "Conditions of when, exclude, require and stop", key_texts(condition_keys()));
    add_table(out, "[summary]", key_texts(summary_keys()));
    add_table(out, "[env]", key_texts(environment_keys()));
    add_table(out, "[local]", key_texts(local_keys()));
    add_table(out, "[slurm]", key_texts(slurm_keys()));
    add_slurm_options(out);
    add_table(out, "[notify]", key_texts(notify_keys()));
    add_table(out, "[net]", key_texts(net_keys()));
    add_table(out, "[tuning]", key_texts(tuning_keys()));
    out += site_files;
    add_table(out, "Site files: [enforce] slurm", key_texts(cap_keys()));
    return out;
}

}  // namespace xorch
