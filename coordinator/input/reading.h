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

struct Context {
    const ParseOptions& options;
    Complaints complaints;
    std::vector<std::string> directories;  // by Place::file: what relative paths start from
    bool frozen = false;                   // the text is a frozen sweep, which says more
};

// A stage with the places that later checks point at.
struct StageSource {
    const Node* node = nullptr;
    Stage stage;
    std::map<std::string, Place> names;                          // of axes and parameters
    std::map<std::string, std::vector<Place>> values;            // of axes
    std::map<std::string, std::vector<Place>> condition_places;  // axis of `when` -> its conditions
    std::vector<Place> exclude_places;

    // The key's value, the n-th item of its array, or else the stage itself.
    Place place(std::string_view key) const;
    Place place(std::string_view key, std::size_t item) const;
};

// points_reader.cpp
void read_points(Context& context, StageSource& source);
std::vector<Condition> read_conditions(
    Context& context, const Node& node, std::string_view table, bool metrics_allowed
);

// stage_reader.cpp
StageSource read_stage(Context& context, const Node& node);

// path_reader.cpp: a path as the file spells it, made absolute; complains if it does not exist.
std::string resolve_path(Context& context, const Node& node, std::string_view what);

// overrides.cpp
void apply_override(Context& context, Node& root, const std::string& text);
void apply_include(Context& context, Node& root);

// validation.cpp: what only the whole file can tell.
void check_sweep(
    Context& context, const Node& root, const Sweep& sweep, const std::vector<StageSource>& stages
);

// stage_validation.cpp
void check_stage(
    Context& context, const StageSource& source, const std::vector<std::string>& inherited
);

}  // namespace xorch
