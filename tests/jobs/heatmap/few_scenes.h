#pragma once

// A made data set with short lists, its features and maps, as units leave them.

#include <string>
#include <utility>

#include "tests/jobs/unit_harness.h"
#include "tests/support/temporary_directory.h"

namespace xorch::heatmap {

// params("a", 1, "b", true) is {{"a", 1}, {"b", true}}, on one line.
template <class... More>
Object params(const char* name, Value value, More... more) {
    Object object{
        {name, std::move(value)}
    };
    if constexpr (sizeof...(More) > 0) {
        const Object rest = params(std::move(more)...);
        object.insert(object.end(), rest.begin(), rest.end());
    }
    return object;
}

// The layout of DIOR with 16 images to take texts from and 8 to judge by, one of each class.
void make_few_scenes(const std::string& folder);

// Features of such a set below `folder`, for all tests of a program.
class FewFeatures {
 public:
    FewFeatures();

    std::string scenes() const { return folder_ / "scenes"; }

    const UnitRun& run() const { return run_; }

    // Inputs of a unit that needs the features, and maps if there are any.
    std::string inputs(const UnitRun* maps = nullptr, const Object& params = {}) const;

 private:
    TemporaryDirectory folder_;
    UnitRun run_;
};

}  // namespace xorch::heatmap
