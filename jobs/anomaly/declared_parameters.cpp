#include "jobs/anomaly/declared_parameters.h"

#include <utility>

#include "jobs/parameter_declarations.h"

namespace xorch::anomaly {

namespace {

ParameterDeclaration required_text(std::string name, std::string doc) {
    ParameterDeclaration parameter = text_parameter(std::move(name), "", std::move(doc));
    parameter.default_value.reset();
    return parameter;
}

}  // namespace

ParameterDeclaration image_seed(std::string doc) {
    return integer_parameter("seed", 0, {0, 2147483647}, std::move(doc));
}

ParameterDeclaration class_images() {
    return path_parameter(
        "data", "folder of the data sets; empty = what an input left in anomaly/"
    );
}

ParameterDeclaration pixel_resolution() {
    return integer_parameter(
        "resolution", 256, {16, 2048}, "at which pixels are judged (published: 400)"
    );
}

std::vector<ParameterDeclaration> class_parameters() {
    return {
        text_parameter("dataset", "", "folder of the class's data set; empty = the data itself"),
        required_text("class_name", "folder of the class"),
        integer_parameter("k_shot", 1, {1, 1000}, "normal images that the class is known by"),
        image_seed("of their choice"),
    };
}

}  // namespace xorch::anomaly
