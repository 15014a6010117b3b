#pragma once

// The twenty classes of DIOR. Annotations, papers and scripts spell them differently ("baseball
// field", "Expressway_Service_area"), so that names are compared without case, blanks, hyphens and
// underscores; a golf field is also known as a golf course.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xorch::heatmap {

// As the annotations of the published set spell them.
inline constexpr std::array<std::string_view, 20> class_names{
    "airplane",
    "airport",
    "baseballfield",
    "basketballcourt",
    "bridge",
    "chimney",
    "dam",
    "Expressway-Service-area",
    "Expressway-toll-station",
    "golffield",
    "groundtrackfield",
    "harbor",
    "overpass",
    "ship",
    "stadium",
    "storagetank",
    "tenniscourt",
    "trainstation",
    "vehicle",
    "windmill"};

using ClassNumber = int;  // into class_names

inline constexpr int class_count = static_cast<int>(class_names.size());

// Nothing for a name of no class.
std::optional<ClassNumber> match_class(std::string_view name);

inline std::string_view name_of(ClassNumber number) {
    return class_names[static_cast<std::size_t>(number)];
}

}  // namespace xorch::heatmap
