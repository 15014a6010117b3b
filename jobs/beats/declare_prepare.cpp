#include "jobs/beats/declare_prepare.h"

#include "jobs/beats/checks.h"
#include "jobs/parameter_declarations.h"

namespace xorch {

JobDeclaration declare_beats_prepare() {
    using namespace beats;
    JobDeclaration job;
    job.name = "beats.prepare";
    job.doc =
        "Cuts recordings into beats, splits them by patient and accounts for every annotation; "
        "starts over when stopped.";
    job.source = "jobs/beats/prepare.cpp";
    job.needs_runner = true;
    job.parameters = {
        path_parameter(
            "data",
            "folder of WFDB recordings; or of beats.csv, beats.npz or .npy files with x (360 "
            "samples), "
            "label, record and split; empty = made patients"
        ),
        integer_parameter(
            "seed", 0, {0, 2147483647}, "of made patients, of max_beats, and of what validates"
        ),
        text_parameter("lead", "MLII", "by its name, which is not always the first"),
        choice_parameter(
            "missing_lead",
            {"first", "drop"},
            "of a recording without that lead: its first one, or no beats"
        ),
        choice_parameter(
            "non_beat",
            {"drop", "other"},
            "marks of rhythm or noise: left out, or taken for class O as some programs do"
        ),
        choice_parameter(
            "split",
            {"report", "ds1_ds2"},
            "32 and 15 recordings, or the published 22 and 22 without paced ones"
        ),
        integer_parameter("max_beats", 0, {0, 1e6}, "drawn of each recording; 0 = all"),
        flag_parameter("allow_missing", "accept a folder that lacks recordings of the split"),
    };
    job.columns = {
        {"record",         "name of the recording"                                            },
        {"split",          "train (a fifth of it validates) or generalisation; empty = unused"},
        {"lead",           "that the beats are of"                                            },
        {"n",              "normal beats"                                                     },
        {"s",              "supraventricular beats"                                           },
        {"v",              "ventricular beats"                                                },
        {"o",              "other beats: fusion, paced, unclassifiable"                       },
        {"val_n",          "of those, normal beats that validate"                             },
        {"val_s",          "supraventricular beats that validate"                             },
        {"val_v",          "ventricular beats that validate"                                  },
        {"val_o",          "other beats that validate"                                        },
        {"annotations",    "in the recording"                                                 },
        {"paced",          "annotations of a pacemaker's beats and their fusions"             },
        {"non_beats",      "annotations that are no beats"                                    },
        {"at_the_ends",    "left out: their second is not within the recording"               },
        {"not_measured",   "left out: samples that say so"                                    },
        {"over_max_beats", "left out: more than max_beats"                                    },
        column_of_checks(),
    };
    job.checks = reported_by_job({
        check_non_beat_dropped,
        check_non_beat_as_other,
        check_mostly_paced,
        check_lead_substituted,
        check_lead_missing,
        check_patient_on_both_sides,
        check_record_unused,
    });
    return job;
}

}  // namespace xorch
