#pragma once

// What the readers of the sweep file's parts share while one file is read. Internal to
// coordinator/input.

#include <map>
#include <string>
#include <vector>

#include "coordinator/input/complaints.h"
#include "coordinator/input/document.h"
#include "coordinator/input/schema.h"
#include "coordinator/input/sweep_file.h"

namespace xorch {

struct ReadingContext {
    const ParseOptions& options;
    Complaints complaints;
    std::vector<std::string> directories;  // by SourcePlace::file: what relative paths start from
    bool frozen = false;                   // the text is a frozen sweep, which says more
    std::vector<Node> enforced = {};       // [enforce] of each site file that was read
};

// A stage with the places that later checks point at.
struct StageSource {
    const Node* node = nullptr;
    Stage stage;
    std::map<std::string, SourcePlace> names;                // of axes and parameters
    std::map<std::string, std::vector<SourcePlace>> values;  // of axes
    std::map<std::string, std::vector<SourcePlace>>
        condition_places;  // axis of `when` -> its conditions
    std::vector<SourcePlace> exclude_places;

    // The key's value, the n-th item of its array, or else the stage itself.
    SourcePlace place(std::string_view key) const;
    SourcePlace place(std::string_view key, std::size_t item) const;
};

// points_reader.cpp
void read_points(ReadingContext& context, StageSource& source);
std::vector<Condition> read_conditions(
    ReadingContext& context, const Node& node, std::string_view table, bool metrics_allowed
);

// check_reader.cpp
std::vector<Check> read_checks(ReadingContext& context, const Node& node);

// stop_reader.cpp
std::vector<StopRule> read_stops(ReadingContext& context, const Node& list);
void check_stops(ReadingContext& context, const Node& root, const Sweep& sweep);

// stage_reader.cpp
StageSource read_stage(ReadingContext& context, const Node& node);

// path_reader.cpp: a path as the file spells it, made absolute; complains if it does not exist.
std::string resolve_path(ReadingContext& context, const Node& node, std::string_view what);

// overrides.cpp
void apply_override(ReadingContext& context, Node& root, const std::string& text);

// site_file.cpp: the files that `include` names, and the one of $XORCH_SITE.
void apply_include(ReadingContext& context, Node& root);
void apply_site(ReadingContext& context, Node& root);

// slurm_reader.cpp: [slurm], and the caps of site files on what it asks for.
void read_slurm(ReadingContext& context, const Node& root, SlurmOptions& slurm);

// Slurm's own default is one processor per task: a unit of four would never start. Whoever does not
// say how many a node must have gets as many as the units need.
void ask_for_cpus(Sweep& sweep);

void enforce_site(ReadingContext& context, const Node& root, SlurmOptions& slurm);

// validation.cpp: what only the whole file can tell.
void check_sweep(
    ReadingContext& context,
    const Node& root,
    const Sweep& sweep,
    const std::vector<StageSource>& stages
);

// stage_validation.cpp
void check_stage(
    ReadingContext& context, const StageSource& source, const std::vector<std::string>& inherited
);

}  // namespace xorch
