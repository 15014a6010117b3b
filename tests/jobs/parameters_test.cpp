#include "jobs/parameters.h"

#include <gtest/gtest.h>

#include <limits>

namespace xorch {
namespace {

JobDeclaration job() {
    JobDeclaration declared;
    declared.name = "fit";
    declared.parameters = {
        {.name = "steps",                .type = ParameterType::integer, .minimum = 1,                   .maximum = 10},
        {.name = "lr",                              .type = ParameterType::number,                                                 .default_value = Value(0.5),                     .minimum = 0},
        {.name = "augment",                  .type = ParameterType::boolean,                                                .default_value = Value(true)                                         },
        {.name = "model",
         .type = ParameterType::text,
         .default_value = Value("unet"),
         .choices = {"unet", "torchscript"}},
        {.name = "data", .type = ParameterType::path,                             .default_value = Value("")                                                          }
    };
    return declared;
}

std::string refusal(const Object& given) {
    const auto read = Parameters::read(job(), given);
    return read ? "" : read.error().message;
}

TEST(Parameters, WhatIsNotGivenIsTheDefault) {
    const auto read = Parameters::read(
        job(),
        {
            {"steps", 3}
    }
    );
    ASSERT_TRUE(read);
    EXPECT_EQ(read->integer("steps"), 3);
    EXPECT_EQ(read->number("lr"), 0.5);
    EXPECT_TRUE(read->flag("augment"));
    EXPECT_EQ(read->text("model"), "unet");
    EXPECT_EQ(read->text("data"), "");
}

TEST(Parameters, AWholeNumberMayStandForAFloat) {
    const auto read = Parameters::read(
        job(),
        {
            {"steps", 3},
            {"lr",    2}
    }
    );
    ASSERT_TRUE(read);
    EXPECT_EQ(read->number("lr"), 2.0);
}

TEST(Parameters, WhatDoesNotFitIsNamed) {
    EXPECT_EQ(refusal({}), "job \"fit\" needs the parameter \"steps\"");
    EXPECT_EQ(
        refusal({
            {"steps", 3},
            {"step",  3}
    }),
        "job \"fit\" has no parameter \"step\""
    );
    EXPECT_EQ(
        refusal({
            {"steps", 11}
    }),
        "parameter \"steps\": must be at least 1 and at most 10, not 11"
    );
    EXPECT_EQ(
        refusal({
            {"steps", 1.5}
    }),
        "parameter \"steps\": must be an integer, not the float 1.5"
    );
    EXPECT_EQ(
        refusal({
            {"steps", 1    },
            {"model", "vit"}
    }),
        "parameter \"model\": must be one of unet, torchscript, not \"vit\""
    );
    EXPECT_NE(
        refusal({
                    {"steps", 1                                       },
                    {"lr",    std::numeric_limits<double>::quiet_NaN()}
    }
        ).find("\"lr\""),
        std::string::npos
    );
}

TEST(Parameters, OfAJobThatTakesOthersKeepThem) {
    JobDeclaration open = job();
    open.other_parameters = true;
    const auto read = Parameters::read(
        open,
        {
            {"steps", 3  },
            {"mine",  "x"}
    }
    );
    ASSERT_TRUE(read);
    EXPECT_EQ(read->text("mine"), "x");
}

TEST(ParametersDeathTest, ReadingAnotherTypeThanDeclaredAborts) {
    const auto read = Parameters::read(
        job(),
        {
            {"steps", 3}
    }
    );
    ASSERT_TRUE(read);
    EXPECT_DEATH(read->number("steps"), "not declared as a float");
    EXPECT_DEATH(read->integer("nothing"), "does not declare \"nothing\"");
}

}  // namespace
}  // namespace xorch
