#pragma once

// What a job is, as far as anybody but the job itself must know: its parameters, their types and
// ranges, and the columns of its records. The list of all jobs is jobs/declaration.h.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/check.h"
#include "core/error.h"
#include "core/value.h"

namespace xorch {

enum class ParameterType { boolean, integer, number, text, path };

std::string_view parameter_type_name(ParameterType type);

struct ParameterDeclaration {
    std::string name;
    ParameterType type = ParameterType::text;
    std::optional<Value> default_value;  // nothing = the sweep must say it
    std::optional<double> minimum;       // inclusive; numbers only
    std::optional<double> maximum;
    std::string unit;
    std::string doc;
    std::vector<std::string> choices = {};  // text only; empty = any
};

// A tensor that the job takes from or gives to a file of the user's, a TorchScript module above
// all.
struct ShapeDeclaration {
    std::string name;
    std::string shape;  // "f32[N,3,H,W]"
    std::string doc;
};

struct ColumnDeclaration {
    std::string name;
    std::string doc;
};

struct JobDeclaration {
    std::string name;
    std::uint32_t version = 1;  // changes whenever equal parameters give other records
    std::string doc;
    std::vector<ParameterDeclaration> parameters;
    bool other_parameters = false;           // also takes parameters that are not declared
    std::vector<ColumnDeclaration> columns;  // empty = not known beforehand
    std::vector<ShapeDeclaration> shapes = {};
    std::string source = {};         // the file that does it, relative to the project
    bool needs_runner = false;       // by xorch-runner; the agent itself does the others
    bool gang = false;               // several ranks can do one unit together
    std::vector<Check> checks = {};  // what `xorch audit` demands of its records
};

const ParameterDeclaration* find_parameter(const JobDeclaration& job, std::string_view name);

// Type and range of one value; an integer is accepted where a float is asked for. The message says
// what is allowed, without naming the parameter.
Result<void> check_parameter(const ParameterDeclaration& declaration, const Value& value);

}  // namespace xorch
