#include "jobs/example/declare.h"

namespace xorch {

JobDeclaration declare_example_regression() {
    JobDeclaration job;
    job.name = "example.regression";
    job.doc =
        "Fits a line to made points by gradient descent: the example of docs/adding-a-job.md.";
    job.source = "jobs/example/regression.cpp";
    job.needs_runner = true;
    job.parameters = {
        {.name = "steps",
         .type = ParameterType::integer,
         .default_value = Value(200),
         .minimum = 1,
         .maximum = 1e9,
         .doc = "of the optimizer"                                           },
        {.name = "lr",
         .type = ParameterType::number,
         .default_value = Value(0.1),
         .minimum = 0,
         .maximum = 10,
         .doc = "learning rate"                                              },
        {.name = "noise",
         .type = ParameterType::number,
         .default_value = Value(0.05),
         .minimum = 0,
         .maximum = 100,
         .doc = "standard deviation of the points around the line y = 3x - 1"}
    };
    job.columns = {
        {"slope",     "of the fitted line, 3 if it were perfect" },
        {"intercept", "of the fitted line, -1 if it were perfect"},
        {"mean_loss", "mean squared error over all steps"        }
    };
    return job;
}

}  // namespace xorch
