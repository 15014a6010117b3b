#include "tests/jobs/heatmap/few_scenes.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "jobs/heatmap/data/synthetic.h"

namespace xorch::heatmap {

void make_few_scenes(const std::string& folder) {
    std::filesystem::create_directories(folder);
    const SyntheticOptions few{.seed = 3, .training_per_class = 2, .test_per_class = 1};
    ASSERT_TRUE(make_scenes(folder, few));
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
