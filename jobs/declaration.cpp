#include "jobs/declaration.h"

#include <algorithm>
#include <iterator>

#include "jobs/anomaly/declare.h"
#include "jobs/beats/declare.h"
#include "jobs/cellseg/declare.h"
#include "jobs/example/declare.h"
#include "jobs/heatmap/declare.h"
#include "jobs/pix2pix/declare.h"

namespace xorch {

namespace {

JobDeclaration declare_command() {
    JobDeclaration job;
    job.name = "command";
    job.doc = "Any executable, named by argv. Its parameters are the sweep's own.";
    job.gang = true;
    job.other_parameters = true;
    return job;
}

JobDeclaration declare_noop() {
    JobDeclaration job;
    job.name = "noop";
    job.source = "worker/attempt/noop.cpp";
    job.gang = true;  // nothing is done by any number of ranks
    job.doc = "Returns at once: for measuring the orchestrator itself, and for trying out a sweep.";
    job.other_parameters = true;
    job.parameters.push_back(
        {.name = "rows",
         .type = ParameterType::integer,
         .default_value = Value(0),
         .minimum = 0,
         .maximum = 10,
         .unit = {},
         .doc = "how many records it reports"}
    );
    job.parameters.push_back(
        {.name = "payload",
         .type = ParameterType::text,
         .default_value = Value(""),
         .minimum = {},
         .maximum = {},
         .unit = {},
         .doc = "text that every record repeats"}
    );
    job.columns = {
        {"row",     "number of the record, from 0"},
        {"payload", "the parameter"               }
    };
    return job;
}

}  // namespace

std::vector<JobDeclaration> job_declarations() {
    std::vector<JobDeclaration> jobs{
        declare_command(), declare_noop(), declare_example_regression()};
    for (std::vector<JobDeclaration> family :
         {declare_anomaly(),
          declare_beats(),
          declare_cellseg(),
          declare_heatmap(),
          declare_pix2pix()}) {
        std::move(family.begin(), family.end(), std::back_inserter(jobs));
    }
    return jobs;
}

}  // namespace xorch
