#pragma once

// Short forms for the lists of parameters in the families' declare.cpp.

#include <string>
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

}  // namespace xorch
