#include "jobs/parameter_declarations.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace xorch {

ParameterDeclaration path_parameter(std::string name, std::string doc) {
    ParameterDeclaration parameter;
    parameter.name = std::move(name);
    parameter.type = ParameterType::path;
    parameter.default_value = Value("");
    parameter.doc = std::move(doc);
    return parameter;
}

ParameterDeclaration text_parameter(std::string name, const char* value, std::string doc) {
    ParameterDeclaration parameter = path_parameter(std::move(name), std::move(doc));
    parameter.type = ParameterType::text;
    parameter.default_value = Value(value);
    return parameter;
}

ParameterDeclaration choice_parameter(
    std::string name, std::vector<std::string> choices, std::string doc
) {
    ParameterDeclaration parameter =
        text_parameter(std::move(name), choices[0].c_str(), std::move(doc));
    parameter.choices = std::move(choices);
    return parameter;
}

ParameterDeclaration flag_parameter(std::string name, std::string doc) {
    ParameterDeclaration parameter = path_parameter(std::move(name), std::move(doc));
    parameter.type = ParameterType::boolean;
    parameter.default_value = Value(false);
    return parameter;
}

ParameterDeclaration integer_parameter(
    std::string name, int value, ParameterRange range, std::string doc
) {
    ParameterDeclaration parameter = path_parameter(std::move(name), std::move(doc));
    parameter.type = ParameterType::integer;
    parameter.default_value = Value(value);
    parameter.minimum = range.low;
    parameter.maximum = range.high;
    return parameter;
}

ParameterDeclaration number_parameter(
    std::string name, double value, ParameterRange range, std::string doc
) {
    ParameterDeclaration parameter = integer_parameter(std::move(name), 0, range, std::move(doc));
    parameter.type = ParameterType::number;
    parameter.default_value = Value(value);
    return parameter;
}

void append(std::vector<ParameterDeclaration>& parameters, std::vector<ParameterDeclaration> more) {
    std::move(more.begin(), more.end(), std::back_inserter(parameters));
}

ColumnDeclaration column_of_checks() {
    return {
        std::string(checks_column), "names of what makes the numbers say less than they seem to"};
}

std::vector<Check> reported_by_job(std::initializer_list<std::string_view> names) {
    std::vector<Check> checks;
    for (const std::string_view name : names)
        checks.push_back({.name = std::string(name), .column = std::string(checks_column)});
    return checks;
}

}  // namespace xorch
