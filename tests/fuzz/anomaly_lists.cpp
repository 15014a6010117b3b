// The two small texts beside images of parts: the table of a split, and the list of chosen shots.

#include <algorithm>

#include "core/error.h"
#include "jobs/anomaly/data/shots.h"
#include "jobs/anomaly/data/split_table.h"
#include "tests/fuzz/fuzz.h"

namespace xorch::fuzz {

namespace {

constexpr std::size_t images = 200;

bool try_table(std::string_view bytes) {
    const auto rows = anomaly::parse_split_table(bytes);
    if (!rows) return false;
    for (const anomaly::SplitRow& row : *rows) {
        XORCH_CHECK(!row.image.empty() && row.image[0] != '/', "an image outside of the folder");
        XORCH_CHECK(!row.abnormal || !row.mask.empty(), "an abnormal image without a mask");
        XORCH_CHECK(!row.abnormal || !row.train, "an abnormal image to train on");
    }
    return true;
}

bool try_shots(std::string_view bytes) {
    bool read = false;
    for (const std::size_t shots : {1U, 2U, 4U}) {
        auto numbers = anomaly::parse_shots(bytes, images, shots);
        if (!numbers) continue;
        read = true;
        XORCH_CHECK(numbers->size() == shots, "more or fewer shots than asked for");
        std::sort(numbers->begin(), numbers->end());
        XORCH_CHECK(numbers->back() < images, "an image that is not there");
        XORCH_CHECK(
            std::adjacent_find(numbers->begin(), numbers->end()) == numbers->end(), "a shot twice"
        );
    }
    return read;
}

}  // namespace

std::vector<std::string> corpus() {
    return {
        "object,split,label,image,mask\ncandle,train,normal,candle/0.JPG,\n"
        "candle,test,anomaly,candle/Data/1.JPG,candle/Masks/1.png\n",
        "#1: 131\n#2: 101 048\n#4: 0 1 2 3\n",
    };
}

std::size_t rounds() {
    return 50'000;
}

bool try_input(std::string_view bytes) {
    const bool table = try_table(bytes);
    return try_shots(bytes) || table;
}

}  // namespace xorch::fuzz
