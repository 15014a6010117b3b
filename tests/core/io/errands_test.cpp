#include "core/io/errands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace xorch {
namespace {

using testing::ElementsAre;

Errands start() {
    auto errands = Errands::start();
    EXPECT_TRUE(errands);
    return std::move(*errands);
}

TEST(Errands, WorkElsewhereAndReportHereInOrder) {
    Errands errands = start();
    const std::thread::id here = std::this_thread::get_id();
    std::vector<int> reported;
    for (int i = 0; i < 3; ++i) {
        errands.send([&, i]() -> Errands::Report {
            EXPECT_NE(std::this_thread::get_id(), here);
            return [&, i] {
                EXPECT_EQ(std::this_thread::get_id(), here);
                reported.push_back(i);
            };
        });
    }
    errands.finish();
    EXPECT_THAT(reported, ElementsAre(0, 1, 2));
}

TEST(Errands, MayBeSentByAReport) {
    Errands errands = start();
    bool second = false;
    errands.send([&]() -> Errands::Report {
        return [&] { errands.send([&]() -> Errands::Report { return [&] { second = true; }; }); };
    });
    errands.finish();
    EXPECT_TRUE(second);
}

TEST(Errands, NeedNoReport) {
    Errands errands = start();
    errands.send([]() -> Errands::Report { return {}; });
    errands.finish();
}

TEST(Errands, AreDoneBeforeTheEnd) {
    int done = 0;
    {
        Errands errands = start();
        for (int i = 0; i < 100; ++i) {
            errands.send([&]() -> Errands::Report {
                ++done;
                return {};
            });
        }
    }
    EXPECT_EQ(done, 100);
}

}  // namespace
}  // namespace xorch
