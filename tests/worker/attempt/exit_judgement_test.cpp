#include "worker/attempt/steps/exit_judgement.h"

#include <gtest/gtest.h>

namespace xorch {
namespace {

struct Case {
    const char* what;
    ExitFacts facts;
    Cause cause;
};

TEST(ExitJudgement, EveryRuleOfTheExitContract) {
    const Case cases[] = {
        {"done",                       {},                                               Cause::none         },
        {"incomplete records",         {.records_problem = "x"},                         Cause::records      },
        {"error",                      {.exit_code = 1},                                 Cause::user_error   },
        {"call again",                 {.exit_code = 75},                                Cause::checkpointed },
        {"another code means it",      {.exit_code = 3, .exit_checkpointed = 3},         Cause::checkpointed },
        {"75 is nothing special then",
         {.exit_code = 75, .exit_checkpointed = 3},
         Cause::user_error                                                                                   },
        {"crash",                      {.signal = 11},                                   Cause::crash        },
        {"kernel",                     {.signal = 9, .kernel_out_of_memory = true},      Cause::out_of_memory},
        {"done although asked",        {.ordered = Cause::time_limit},                   Cause::none         },
        {"done although out of time",  {.ordered = Cause::timeout},                      Cause::none         },
        {"asked, 75",                  {.exit_code = 75, .ordered = Cause::preempted},   Cause::preempted    },
        {"asked, error",               {.exit_code = 1, .ordered = Cause::stop_request}, Cause::stop_request },
        {"asked, killed",              {.signal = 9, .ordered = Cause::time_limit},      Cause::time_limit   },
        {"cancelled, done",            {.ordered = Cause::cancelled},                    Cause::cancelled    },
        {"superseded, done",           {.ordered = Cause::superseded},                   Cause::superseded   },
        {"ended for its memory",
         {.signal = 9, .imposed = Cause::out_of_memory},
         Cause::out_of_memory                                                                                },
        {"done before the kill came",  {.imposed = Cause::output_limit},                 Cause::none         },
    };
    for (const Case& each : cases)
        EXPECT_EQ(judge_exit(each.facts).cause, each.cause) << each.what;
}

}  // namespace
}  // namespace xorch
