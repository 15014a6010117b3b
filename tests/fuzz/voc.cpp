#include "core/error.h"
#include "jobs/heatmap/data/voc_annotation.h"
#include "tests/fuzz/fuzz.h"

namespace xorch::fuzz {

std::vector<std::string> corpus() {
    return {
        heatmap::format_voc(
            {.width = 800,
                          .height = 600,
                          .objects = {{"ship", 1, 2, 30, 40}, {"a & <b>", 700, 500, 800, 600}}},
            "00001.jpg"
        ),
        "<!-- c --><annotation><size><width>9</width><height>9</height></size></annotation>",
    };
}

std::size_t rounds() {
    return 100'000;
}

bool try_input(std::string_view bytes) {
    const auto annotation = heatmap::parse_voc(bytes);
    if (!annotation) return false;
    for (const heatmap::VocObject& object : annotation->objects) {
        XORCH_CHECK(object.xmin >= 0 && object.xmin < object.xmax, "a box without a width");
        XORCH_CHECK(object.ymax <= annotation->height, "a box outside of its image");
    }
    const auto again = heatmap::parse_voc(heatmap::format_voc(*annotation, "x"));
    XORCH_CHECK(again && *again == *annotation, "an annotation reads as another one");
    return true;
}

}  // namespace xorch::fuzz
