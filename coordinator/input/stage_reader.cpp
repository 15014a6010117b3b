#include <fmt/format.h>

#include <algorithm>

#include "coordinator/input/reading.h"

namespace xorch {

namespace {

template <class T>
void read_member(
    ReadingContext& context,
    const Node& stage,
    std::string_view name,
    const std::vector<Key<T>>& keys,
    T& out
) {
    const Node* node = stage.find(name);
    if (node != nullptr) read_table(*node, name, keys, context.complaints, out);
}

// What freezing adds: `frozen = { job_version, code_hash, paths = [{ param, path, hash }] }`.
void read_frozen(const Node& node, Stage& stage) {
    const auto text = [](const Node& table, std::string_view key) {
        const Node* value = table.find(key);
        const auto* found = value == nullptr ? nullptr : value->scalar.get_if<std::string>();
        return found == nullptr ? std::string() : *found;
    };
    if (const Node* version = node.find("job_version")) {
        const auto* number = version->scalar.get_if<std::int64_t>();
        if (number != nullptr) stage.job_version = static_cast<std::uint32_t>(*number);
    }
    stage.code_hash = text(node, "code_hash");
    if (const Node* paths = node.find("paths")) {
        for (const Node& path : paths->items)
            stage.path_hashes[text(path, "param")][text(path, "path")] = text(path, "hash");
    }
}

void check_code(ReadingContext& context, const StageSource& source) {
    const Node* code = source.node->find("code");
    if (code == nullptr || context.frozen) return;
    for (const Node& item : code->items)
        resolve_path(context, item, "code");
}

}  // namespace

SourcePlace StageSource::place(std::string_view key) const {
    const Node* value = node->find(key);
    return value == nullptr ? node->place : value->place;
}

SourcePlace StageSource::place(std::string_view key, std::size_t item) const {
    const Node* value = node->find(key);
    if (value == nullptr || item >= value->items.size()) return place(key);
    return value->items[item].place;
}

StageSource read_stage(ReadingContext& context, const Node& node) {
    StageSource source;
    source.node = &node;
    Stage& stage = source.stage;
    auto keys = stage_keys();
    if (context.frozen) {
        keys.emplace_back();
        keys.back().text.name = "frozen";
    }
    read_table(node, "[[stage]]", keys, context.complaints, stage);
    if (node.kind != NodeKind::table) return source;
    for (const JobDeclaration& job : context.options.jobs) {
        if (job.name != stage.job) continue;
        stage.job_version = job.version;
        // A frozen sweep is audited by what was declared when it was submitted.
        if (!context.frozen) stage.checks = job.checks;
    }
    read_member(context, node, "resources", resources_keys(), stage.resources);
    read_member(context, node, "limits", limits_keys(), stage.limits);
    read_member(context, node, "records", records_keys(), stage.records);
    read_member(context, node, "checkpoints", checkpoints_keys(), stage.checkpoints);
    if (const Node* records = node.find("records")) {
        read_member(context, *records, "from", records_from_keys(), stage.records.from);
    }
    if (const Node* checks = node.find("checks")) {
        for (Check& check : read_checks(context, *checks)) {
            // Also a file that was written from a frozen sweep names those of the job.
            const auto& known = stage.checks;
            if (std::find(known.begin(), known.end(), check) != known.end()) continue;
            stage.checks.push_back(std::move(check));
        }
    }
    read_points(context, source);
    check_code(context, source);
    if (context.frozen && node.find("frozen") != nullptr) read_frozen(*node.find("frozen"), stage);
    return source;
}

}  // namespace xorch
