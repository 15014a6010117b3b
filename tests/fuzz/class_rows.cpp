#include "jobs/heatmap/data/class_rows.h"

#include <cmath>

#include "core/error.h"
#include "tests/fuzz/fuzz.h"

namespace xorch::fuzz {

std::vector<std::string> corpus() {
    return {
        "class,f0,f1,f2\nship,0.5,-2,1e-3\ngolf course,1,2,3\n",
        "\"Expressway-Service-area\", 7 ,8\r\ndam,9,1e300\r\n",
    };
}

std::size_t rounds() {
    return 100'000;
}

bool try_input(std::string_view bytes) {
    const auto rows = heatmap::parse_class_rows(bytes);
    if (!rows) return false;
    for (const auto& [number, values] : *rows) {
        XORCH_CHECK(number >= 0 && number < heatmap::class_count, "a class that is none");
        XORCH_CHECK(values.size() == rows->begin()->second.size(), "rows of two lengths");
        for (const double value : values) {
            XORCH_CHECK(std::isfinite(value), "a value that is none");
        }
    }
    return true;
}

}  // namespace xorch::fuzz
