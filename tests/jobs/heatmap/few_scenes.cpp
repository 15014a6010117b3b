#include "tests/jobs/heatmap/few_scenes.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "jobs/heatmap/data/synthetic.h"

namespace xorch::heatmap {

void make_few_scenes(const std::string& folder) {
    std::filesystem::create_directories(folder);
    ASSERT_TRUE(make_scenes(folder, 3));
    const auto shorten = [&](const std::string& split, std::size_t ids) {
        const std::string path = folder + "/ImageSets/Main/" + split + ".txt";
        write_bytes(path, bytes_of(path).substr(0, 6 * ids));  // five digits and a line end
    };
    shorten("train", 16);
    shorten("test", 8);
}

FewFeatures::FewFeatures() {
    make_few_scenes(scenes());
    run_ = run_alone(
        "heatmap.features",
        {
            {"data", scenes()}
    },
        folder_ / "features"
    );
    EXPECT_EQ(run_.error, "");
}

std::string FewFeatures::inputs(const UnitRun* maps, const Object& params) const {
    Inputs inputs;
    inputs.add("features", {}, run_);
    if (maps != nullptr) inputs.add("maps", params, *maps);
    return inputs.json();
}

}  // namespace xorch::heatmap
