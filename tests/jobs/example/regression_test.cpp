// The example of docs/adding-a-job.md: it is what the page shows, and it does what a job must.

#include "jobs/example/regression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "core/json.h"
#include "core/record.h"
#include "jobs/example/declare.h"
#include "jobs/torch/environment.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

std::string text_of_file(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return std::move(text).str();
}

// Asks to stop at some step.
struct StoppingHost final : UnitHost {
    bool stop_asked() override { return ++asked > stop_after; }

    Millis now() override { return Millis(0); }

    void on_published() override { ++published; }

    int asked = 0;
    int stop_after = 1'000'000;
    int published = 0;
};

class ExampleJob : public testing::Test {
 protected:
    Result<JobEnd> run(UnitHost& host, const std::string& resume = "") {
        begin_torch_unit(21, 1);
        auto unit = NativeUnit::open(
            declare_example_regression(),
            {.params = R"({"steps": 60})",
             .seed = 21,
             .out = folder / "out",
             .publish = folder / "publish",
             .resume = resume,
             .records = folder / "records.jsonl"},
            host
        );
        if (!unit) return tl::unexpected(unit.error());
        return run_example_regression(*unit);
    }

    TemporaryDirectory folder;
};

TEST_F(ExampleJob, FitsTheLineAndReportsWhatItDeclares) {
    StoppingHost host;
    const auto end = run(host);
    ASSERT_TRUE(end) << end.error().message;
    EXPECT_EQ(*end, JobEnd::done);
    const auto rows = parse_rows(text_of_file(folder / "records.jsonl"));
    ASSERT_TRUE(rows);
    ASSERT_EQ(rows->size(), 1U);
    for (const ColumnDeclaration& column : declare_example_regression().columns)
        EXPECT_NE(find_member(rows->front(), column.name), nullptr) << column.name;
    EXPECT_NEAR(find_member(rows->front(), "slope")->as_number().value_or(0), 3.0, 0.2);
    EXPECT_EQ(host.published, 0);
}

TEST_F(ExampleJob, StoppedAtAnyStepItEndsWithTheSameRecords) {
    StoppingHost straight;
    ASSERT_TRUE(run(straight));
    const std::string expected = text_of_file(folder / "records.jsonl");
    for (const int stop_after : {0, 1, 17, 58}) {
        std::ofstream(folder / "records.jsonl", std::ios::trunc);
        StoppingHost stopped;
        stopped.stop_after = stop_after;
        ASSERT_EQ(run(stopped).value_or(JobEnd::done), JobEnd::checkpointed) << stop_after;
        StoppingHost resumed;
        const auto end = run(resumed, folder / ("publish/step-" + std::to_string(stop_after + 1)));
        ASSERT_TRUE(end) << end.error().message;
        EXPECT_EQ(text_of_file(folder / "records.jsonl"), expected) << stop_after;
    }
}

TEST(AddingAJob, ThePageShowsTheFilesThatAreBuilt) {
    const std::string root = XORCH_SOURCE_DIR;
    const std::string page = text_of_file(root + "/docs/adding-a-job.md");
    for (const char* file : {"/jobs/example/declare.cpp", "/jobs/example/regression.cpp"}) {
        const std::string source = text_of_file(root + file);
        ASSERT_FALSE(source.empty()) << file;
        EXPECT_THAT(page, testing::HasSubstr("```cpp\n" + source + "```\n")) << file;
    }
}

}  // namespace
}  // namespace xorch
