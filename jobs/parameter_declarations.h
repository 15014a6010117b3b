#pragma once

// Short forms for the lists in the families' declare.cpp.

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/job.h"

namespace xorch {

struct ParameterRange {  // both inclusive
    double low;
    double high;
};

// Empty unless the sweep says it.
ParameterDeclaration path_parameter(std::string name, std::string doc);

ParameterDeclaration text_parameter(std::string name, const char* value, std::string doc);

// The first choice is the default.
ParameterDeclaration choice_parameter(
    std::string name, std::vector<std::string> choices, std::string doc
);

// False unless the sweep says otherwise.
ParameterDeclaration flag_parameter(std::string name, std::string doc);

ParameterDeclaration integer_parameter(
    std::string name, int value, ParameterRange range, std::string doc
);

ParameterDeclaration number_parameter(
    std::string name, double value, ParameterRange range, std::string doc
);

void append(std::vector<ParameterDeclaration>& parameters, std::vector<ParameterDeclaration> more);

// The column in which a job names the checks that do not hold.
ColumnDeclaration column_of_checks();

// Checks that a job makes itself and names there.
std::vector<Check> reported_by_job(std::initializer_list<std::string_view> names);

}  // namespace xorch
