#include "jobs/parameters.h"

#include <fmt/format.h>

#include <utility>

namespace xorch {

Result<Parameters> Parameters::read(const JobDeclaration& job, const Object& given) {
    Parameters result;
    for (const ParameterDeclaration& declared : job.parameters) {
        const Value* value = find_member(given, declared.name);
        if (value == nullptr && declared.default_value) value = &*declared.default_value;
        if (value == nullptr) {
            return fail(
                ErrorCode::invalid_input,
                fmt::format("job \"{}\" needs the parameter \"{}\"", job.name, declared.name)
            );
        }
        if (auto checked = check_parameter(declared, *value); !checked) {
            return fail_with_context(checked.error(), "parameter \"" + declared.name + "\"");
        }
        // A whole number may stand for a float; it is one from here on.
        const bool is_number = declared.type == ParameterType::number;
        set_member(result.values_, declared.name, is_number ? Value(*value->as_number()) : *value);
    }
    for (const Member& member : given) {
        if (find_parameter(job, member.first) != nullptr) continue;
        if (!job.other_parameters) {
            return fail(
                ErrorCode::invalid_input,
                fmt::format("job \"{}\" has no parameter \"{}\"", job.name, member.first)
            );
        }
        result.values_.push_back(member);
    }
    return result;
}

const Value& Parameters::value(std::string_view name) const {
    const Value* found = find_member(values_, name);
    XORCH_CHECK(found != nullptr, fmt::format("the job does not declare \"{}\"", name));
    return *found;
}

bool Parameters::flag(std::string_view name) const {
    const auto* flag = value(name).get_if<bool>();
    XORCH_CHECK(flag != nullptr, fmt::format("\"{}\" is not declared as a boolean", name));
    return *flag;
}

std::int64_t Parameters::integer(std::string_view name) const {
    const auto* number = value(name).get_if<std::int64_t>();
    XORCH_CHECK(number != nullptr, fmt::format("\"{}\" is not declared as an integer", name));
    return *number;
}

double Parameters::number(std::string_view name) const {
    const auto* number = value(name).get_if<double>();
    XORCH_CHECK(number != nullptr, fmt::format("\"{}\" is not declared as a float", name));
    return *number;
}

const std::string& Parameters::text(std::string_view name) const {
    const auto* text = value(name).get_if<std::string>();
    XORCH_CHECK(text != nullptr, fmt::format("\"{}\" is not declared as a string or path", name));
    return *text;
}

}  // namespace xorch
