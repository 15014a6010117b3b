#include "coordinator/input/sweep_file.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "coordinator/input/reading.h"

namespace xorch {

namespace {

constexpr std::size_t sweep_bytes_max = 4U << 20U;
// A frozen sweep spells out what the file said in short: ranges of paths, included sites.
constexpr std::size_t frozen_bytes_max = 256U << 20U;

const Node* find_array_of_tables(ReadingContext& context, const Node& root, std::string_view name) {
    const Node* node = root.find(name);
    if (node == nullptr) return nullptr;
    if (node->kind == NodeKind::array) return node;
    context.complaints.add(node->place, fmt::format("write [[{}]] with two brackets", name));
    return nullptr;
}

template <class T>
void read_part(
    ReadingContext& context,
    const Node& root,
    std::string_view name,
    const std::vector<Key<T>>& keys,
    T& out
) {
    const Node* node = root.find(name);
    if (node != nullptr) {
        read_table(*node, fmt::format("[{}]", name), keys, context.complaints, out);
    }
}

void read_environment(ReadingContext& context, const Node& root, Environment& env) {
    auto keys = environment_keys();
    if (context.frozen) {
        KeyTable<Environment> more;
        more.member("setup_hash", &Environment::setup_hash, "");
        keys.push_back(more.take().front());
    }
    read_part(context, root, "env", keys, env);
    const Node* node = root.find("env");
    if (node == nullptr) return;
    if (const Node* setup = node->find("setup")) env.setup = resolve_path(context, *setup, "setup");
    const Node* set = node->find("set");
    if (set == nullptr) return;
    if (set->kind != NodeKind::table) {
        context.complaints.add(set->place, "set must be a table: set = { NAME = \"value\" }");
        return;
    }
    for (const Entry& entry : set->members) {
        KeyText key;
        key.name = entry.key;
        key.type = KeyType::text;
        Reading reading;
        if (!read_value(key, entry.node, reading, context.complaints)) continue;
        if (entry.key.empty() ||
            entry.key.find_first_of(std::string_view("=\0", 2)) != std::string::npos) {
            context.complaints.add(entry.place, "this is no name of an environment variable");
            continue;
        }
        env.set.emplace_back(entry.key, reading.text);
    }
}

std::vector<OrderKey> read_order(ReadingContext& context, const Node& table) {
    std::vector<OrderKey> keys;
    const Node* order = table.find("order");
    if (order == nullptr) return keys;
    if (order->kind != NodeKind::array) {
        context.complaints.add(
            order->place, "order must be an array: [{ metric = \"accuracy\", mode = \"max\" }]"
        );
    }
    for (const Node& item : order->items) {
        keys.emplace_back();
        read_table(item, "order", order_keys(), context.complaints, keys.back());
    }
    return keys;
}

Select read_select(ReadingContext& context, const Node& node) {
    Select select;
    read_table(node, "[[select]]", select_keys(), context.complaints, select);
    select.order = read_order(context, node);
    if (const Node* alternatives = node.find("alternatives")) {
        if (alternatives->kind != NodeKind::array) {
            context.complaints.add(
                alternatives->place,
                "alternatives must be an array: [{ name = \"failed_first\", order = [...] }]"
            );
        }
        for (const Node& item : alternatives->items) {
            AlternativeOrder alternative;
            read_table(item, "alternatives", alternative_keys(), context.complaints, alternative);
            alternative.order = read_order(context, item);
            select.alternatives.push_back(std::move(alternative));
        }
    }
    if (const Node* require = node.find("require")) {
        select.require = read_conditions(context, *require, "require", true);
    }
    return select;
}

Sweep read_sweep(ReadingContext& context, const Node& root, std::vector<StageSource>& stages) {
    Sweep sweep;
    check_members(root, "a sweep file", key_texts(top_keys()), context.complaints);
    auto keys = sweep_keys();
    if (context.frozen) {
        KeyTable<Sweep> more;
        more.member("directory", &Sweep::directory, "");
        keys.push_back(more.take().front());
    }
    read_part(context, root, "sweep", keys, sweep);
    if (const Node* list = find_array_of_tables(context, root, "stage")) {
        for (const Node& node : list->items)
            stages.push_back(read_stage(context, node));
        if (list->items.empty()) context.complaints.add(list->place, "there is no [[stage]]");
    }
    for (const StageSource& source : stages)
        sweep.stages.push_back(source.stage);
    if (const Node* list = find_array_of_tables(context, root, "select")) {
        for (const Node& node : list->items)
            sweep.selects.push_back(read_select(context, node));
    }
    if (const Node* list = find_array_of_tables(context, root, "gate")) {
        for (const Node& node : list->items) {
            sweep.gates.emplace_back();
            read_table(node, "[[gate]]", gate_keys(), context.complaints, sweep.gates.back());
        }
    }
    if (const Node* list = find_array_of_tables(context, root, "stop")) {
        sweep.stops = read_stops(context, *list);
    }
    read_part(context, root, "summary", summary_keys(), sweep.summary);
    read_environment(context, root, sweep.env);
    read_part(context, root, "local", local_keys(), sweep.local);
    read_slurm(context, root, sweep.slurm);
    if (sweep.backend == BackendKind::slurm) ask_for_cpus(sweep);
    enforce_site(context, root, sweep.slurm);
    read_part(context, root, "notify", notify_keys(), sweep.notify);
    read_part(context, root, "net", net_keys(), sweep);
    read_part(context, root, "tuning", tuning_keys(), sweep.tuning);
    return sweep;
}

Result<Sweep> parse(std::string_view text, ReadingContext& context, std::size_t bytes_max) {
    const std::uint32_t file = context.complaints.add_file(context.options.file);
    context.directories.push_back(context.options.directory);
    const auto fail_all = [&] { return tl::unexpected(context.complaints.error()); };
    if (text.size() > bytes_max) {
        context.complaints.add(
            {file, 0, 0},
            fmt::format("larger than {} MiB; a range = [first, end] is shorter", bytes_max >> 20U)
        );
        return fail_all();
    }
    auto root = parse_toml(text, file);
    if (!root) {
        context.complaints.add(root.error().place, root.error().message);
        return fail_all();
    }
    root->place = {file, 1, 1};
    apply_include(context, *root);
    apply_site(context, *root);
    for (const std::string& override_text : context.options.overrides)
        apply_override(context, *root, override_text);
    std::vector<StageSource> stages;
    Sweep sweep = read_sweep(context, *root, stages);
    if (!context.frozen) sweep.directory = context.options.directory;
    // References are looked at even if some values are wrong, but not if a stage could not be read.
    if (!sweep.stages.empty()) check_sweep(context, *root, sweep, stages);
    if (!context.complaints.empty()) return fail_all();
    return sweep;
}

}  // namespace

Result<Sweep> parse_sweep(std::string_view text, const ParseOptions& options) {
    ReadingContext context{options, {}, {}, false};
    return parse(text, context, sweep_bytes_max);
}

Result<Sweep> parse_frozen(std::string_view text, const SweepLayout& layout) {
    ParseOptions options;
    options.file = layout.sweep_file();
    options.missing_paths_allowed = true;
    ReadingContext context{options, {}, {}, true};
    auto sweep = parse(text, context, frozen_bytes_max);
    if (sweep) return sweep;
    return fail(
        ErrorCode::corrupted,
        fmt::format(
            "{}\nthe sweep's own copy of its file is not what this xorch writes: undo what changed "
            "it, or, if another version wrote it, run `{} resume {}`",
            sweep.error().message,
            layout.program(),
            layout.root
        )
    );
}

Error name_stage_place(Error error, const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    const auto root = parse_toml(text, 0);
    const Node* stages = root ? root->find("stage") : nullptr;
    if (stages == nullptr) return error;
    std::size_t first_mention = std::string::npos;
    std::string place = path;
    for (const Node& stage : stages->items) {
        const Node* name = stage.find("name");
        const auto* word = name == nullptr ? nullptr : name->scalar.get_if<std::string>();
        if (word == nullptr) continue;
        const std::size_t mention = error.message.find(fmt::format("stage \"{}\"", *word));
        if (mention >= first_mention) continue;
        first_mention = mention;
        place = fmt::format("{}:{}:{}", path, stage.place.line, stage.place.column);
    }
    error.message.insert(0, place + ": ");
    return error;
}

Result<Sweep> read_sweep_file(const std::string& path, ParseOptions options) {
    namespace fs = std::filesystem;
    std::error_code error;
    const auto size = fs::file_size(path, error);
    if (error) {
        return fail(
            ErrorCode::usage,
            fmt::format("{}: {}; `xorch init` writes an example", path, error.message())
        );
    }
    options.file = path;
    options.directory = fs::absolute(path).lexically_normal().parent_path().string();
    if (size > sweep_bytes_max) {
        return fail(ErrorCode::invalid_input, fmt::format("{}: larger than 4 MiB", path));
    }
    std::ifstream stream(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    if (!stream) return fail(ErrorCode::unavailable, fmt::format("{}: cannot be read", path));
    return parse_sweep(text, options);
}

}  // namespace xorch
