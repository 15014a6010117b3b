#include "core/job.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/json.h"

namespace xorch {

namespace {

bool has_type(ParameterType type, const Value& value) {
    switch (type) {
        case ParameterType::boolean:
            return value.get_if<bool>() != nullptr;
        case ParameterType::integer:
            return value.get_if<std::int64_t>() != nullptr;
        case ParameterType::number:
            return value.as_number().has_value();
        case ParameterType::text:
        case ParameterType::path:
            return value.get_if<std::string>() != nullptr;
    }
    return false;
}

std::string format_bound(double bound) {
    return fmt::format("{}", bound);
}

std::string format_range(const ParameterDeclaration& declaration) {
    std::string range;
    if (declaration.minimum) range = "at least " + format_bound(*declaration.minimum);
    if (declaration.maximum) {
        range += (range.empty() ? "" : " and ") + ("at most " + format_bound(*declaration.maximum));
    }
    return declaration.unit.empty() ? range : range + " " + declaration.unit;
}

}  // namespace

std::string_view parameter_type_name(ParameterType type) {
    switch (type) {
        case ParameterType::boolean:
            return "boolean";
        case ParameterType::integer:
            return "integer";
        case ParameterType::number:
            return "float";
        case ParameterType::text:
            return "string";
        case ParameterType::path:
            return "path";
    }
    return "?";
}

const ParameterDeclaration* find_parameter(const JobDeclaration& job, std::string_view name) {
    for (const ParameterDeclaration& parameter : job.parameters) {
        if (parameter.name == name) return &parameter;
    }
    return nullptr;
}

Result<void> check_parameter(const ParameterDeclaration& declaration, const Value& value) {
    if (!has_type(declaration.type, value)) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format(
                "must be {} {}, not the {} {}",
                declaration.type == ParameterType::integer ? "an" : "a",
                parameter_type_name(declaration.type),
                type_name(value),
                format_json(value)
            )
        );
    }
    const std::vector<std::string>& choices = declaration.choices;
    const auto* text = value.get_if<std::string>();
    if (text != nullptr && !choices.empty() &&
        std::find(choices.begin(), choices.end(), *text) == choices.end()) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format("must be one of {}, not {}", fmt::join(choices, ", "), format_json(value))
        );
    }
    const auto number = value.as_number();
    // Written so that a NaN is outside every range.
    const bool low = number && declaration.minimum && !(*number >= *declaration.minimum);
    const bool high = number && declaration.maximum && !(*number <= *declaration.maximum);
    if (low || high) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format("must be {}, not {}", format_range(declaration), format_json(value))
        );
    }
    return {};
}

}  // namespace xorch
