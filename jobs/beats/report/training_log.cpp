#include "jobs/beats/report/training_log.h"

#include <fmt/core.h>

#include <cmath>

#include "core/json.h"
#include "jobs/beats/report/score_columns.h"

namespace xorch::beats {

namespace {

constexpr double tolerance = 1e-9;  // of sums in another order

Result<Confusion> logged_confusion(const Object& line, const std::string& name) {
    const Value* value = find_member(line, name);
    return parse_confusion(value == nullptr ? Value() : *value);
}

Result<LoggedEpoch> parse_epoch(const Object& line, std::size_t before) {
    const auto val = logged_confusion(line, "confusion");
    if (!val) return tl::unexpected(val.error());
    const auto gen = logged_confusion(line, "gen_confusion");
    if (!gen) return tl::unexpected(gen.error());
    const auto expected = static_cast<std::int64_t>(before) + 1;
    const Value* epoch = find_member(line, "epoch");
    if (epoch == nullptr || *epoch != Value(expected)) {
        return fail(ErrorCode::corrupted, fmt::format("epoch {} was to come", expected));
    }
    const Value* macro = find_member(line, "val_macro_f1");
    const double logged = macro == nullptr ? NAN : macro->as_number().value_or(NAN);
    if (std::abs(logged - score(*val).macro_f1) <= tolerance) {
        return LoggedEpoch{.epoch = expected, .val = *val, .gen = *gen};
    }
    return fail(ErrorCode::corrupted, "val_macro_f1 is not that of the confusion matrix");
}

}  // namespace

Result<void> TrainingLog::open(const std::string& path, const std::string& text) {
    if (auto written = write_file_atomically(disk_, path, text); !written) return written;
    auto file = disk_.open_append(path);
    if (!file) return tl::unexpected(file.error());
    file_ = std::move(*file);
    text_ = text;
    return {};
}

Result<void> TrainingLog::append(const std::string& event, const Object& members) {
    Object line{
        {"event", event}
    };
    line.insert(line.end(), members.begin(), members.end());
    const std::string text = format_json(line) + "\n";
    text_ += text;
    return file_->append(text);
}

Result<LoggedTraining> parse_training_log(const std::string& text) {
    LoggedTraining training;
    bool is_final = false;
    std::size_t number = 0;
    for (std::size_t begin = 0; begin < text.size();) {
        ++number;
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        const auto parsed = parse_json(std::string_view(text).substr(begin, end - begin));
        begin = end + 1;
        const auto* line = parsed ? parsed->get_if<Object>() : nullptr;
        if (line == nullptr) {
            return fail(ErrorCode::corrupted, fmt::format("line {} is no JSON object", number));
        }
        const Value* event = find_member(*line, "event");
        if (event == nullptr) continue;
        if (*event == Value("start")) {
            const Value* config = find_member(*line, "config");
            const auto* object = config == nullptr ? nullptr : config->get_if<Object>();
            if (object != nullptr) training.config = *object;
        } else if (*event == Value("epoch")) {
            const auto epoch = parse_epoch(*line, training.epochs.size());
            if (!epoch) return fail_with_context(epoch.error(), fmt::format("line {}", number));
            training.epochs.push_back(*epoch);
        }
        is_final = *event == Value("final");
    }
    if (is_final && !training.epochs.empty()) return training;
    return fail(ErrorCode::corrupted, "the log does not end with its final event");
}

}  // namespace xorch::beats
