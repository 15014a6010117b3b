#pragma once

// What a unit is told of the units that it needs: the JSON behind XORCH_INPUTS, which agents hand
// to programs and read for {inputs.STAGE.dir}, and native jobs get as values.

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/value.h"

namespace xorch {

// A unit of a stage that another one needs: done, or given up as hopeless.
struct UnitInput {
    std::string stage;
    std::string unit;  // its id
    Object params;
    std::string directory;        // with its artifacts; there may be none
    std::vector<Object> records;  // none of a hopeless one: what it reported is no result
    bool hopeless = false;
};

// No inputs if the text is empty. What is missing in one stays empty.
Result<std::vector<UnitInput>> parse_unit_inputs(const std::string& text);

}  // namespace xorch
