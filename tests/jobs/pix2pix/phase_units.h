#pragma once

// The jobs of the family as units on few pairs and a small canvas: what a phase needs is made once
// for all tests of the fixture.

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/jobs/unit_harness.h"
#include "tests/support/temporary_directory.h"

namespace xorch::pix2pix {

inline constexpr const char* model_tensors = "/model/tensors.safetensors";

// XORCH_INPUTS of units that ran before.
std::string inputs_of(const std::vector<std::pair<std::string, const UnitRun*>>& runs);

// Of the last record; null if it has no such column.
Value cell(const UnitRun& run, const std::string& column);

// What a phase adds to the parameters of a training.
Object phase_training();

class Pix2pixJob : public testing::Test {
 protected:
    struct Shared {
        TemporaryDirectory folder;
        UnitRun pairs;
        UnitRun baseline;
        UnitRun freeze;
        UnitRun fold;
        UnitRun hard;
    };

    static void SetUpTestSuite();
    static void TearDownTestSuite();

    static UnitRun train(
        const Object& more,
        const std::string& folder,
        const std::string& inputs,
        UnitOptions options = {}
    );
    static UnitRun list_hard(const std::string& source, const std::string& folder);

    // What a phase trains with; with another list of hard pairs than the shared one.
    static std::string phase_inputs(const UnitRun* hard = nullptr);

    static UnitRun evaluate(const UnitRun& trained, const std::string& folder);

    std::string folder(const std::string& name) const { return folder_.path() + "/" + name; }

    static Shared* shared_;
    TemporaryDirectory folder_;
};

}  // namespace xorch::pix2pix
