#pragma once

// One annotation file of PASCAL VOC: the size of an image and boxes in it, in XML through pugixml.
// Pixels count from 1 and a box includes its last row and column, as the format says. Pure;
// messages say what is wrong, without the path.

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace xorch::heatmap {

struct VocObject {
    std::string name;
    int xmin = 0;
    int ymin = 0;
    int xmax = 0;
    int ymax = 0;

    friend bool operator==(const VocObject&, const VocObject&) = default;
};

struct VocAnnotation {
    int width = 0;
    int height = 0;
    std::vector<VocObject> objects;  // in the order of the file

    friend bool operator==(const VocAnnotation&, const VocAnnotation&) = default;
};

// Larger files and longer lists are damage, not annotations.
inline constexpr std::size_t annotation_bytes_max = std::size_t{8} << 20;
inline constexpr std::size_t objects_max = 20'000;

// Every box lies within the image and has an area.
Result<VocAnnotation> parse_voc(std::string_view text);

// What parse_voc() reads back.
std::string format_voc(const VocAnnotation& annotation, const std::string& file_name);

}  // namespace xorch::heatmap
