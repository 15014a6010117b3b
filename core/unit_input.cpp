#include "core/unit_input.h"

#include <utility>

#include "core/json.h"

namespace xorch {

namespace {

std::string text_of(const Value& item, std::string_view key) {
    const Value* value = item.find(key);
    const auto* text = value == nullptr ? nullptr : value->get_if<std::string>();
    return text == nullptr ? "" : *text;
}

UnitInput input_of(const Value& item) {
    UnitInput input{
        .stage = text_of(item, "stage"),
        .unit = text_of(item, "unit"),
        .params = {},
        .directory = text_of(item, "dir"),
        .records = {}};
    const Value* params = item.find("params");
    const auto* members = params == nullptr ? nullptr : params->get_if<Object>();
    if (members != nullptr) input.params = *members;
    const Value* hopeless = item.find("hopeless");
    input.hopeless = hopeless != nullptr && *hopeless == Value(true);
    const Value* records = item.find("records");
    const auto* rows = records == nullptr ? nullptr : records->get_if<Array>();
    if (rows == nullptr) return input;
    for (const Value& record : *rows) {
        if (const auto* row = record.get_if<Object>()) input.records.push_back(*row);
    }
    return input;
}

}  // namespace

Result<std::vector<UnitInput>> parse_unit_inputs(const std::string& text) {
    std::vector<UnitInput> inputs;
    if (text.empty()) return inputs;
    const auto list = parse_json(text);
    if (!list) return fail_with_context(list.error(), "the unit's inputs");
    const auto* items = list->get_if<Array>();
    if (items == nullptr) return fail(ErrorCode::invalid_input, "the unit's inputs are no list");
    for (const Value& item : *items)
        inputs.push_back(input_of(item));
    return inputs;
}

}  // namespace xorch
