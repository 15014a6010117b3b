#pragma once

// Where the sweep of `submit`, `plan` and `rehearse` comes from: a file, or axes and a command on
// the command line. The options are the same for all three.

#include <string>
#include <vector>

#include "core/error.h"
#include "core/sweep.h"
#include "tools/cli/verb.h"

namespace xorch {

struct SweepSource {
    std::string file;
    std::vector<std::string> overrides;  // --set key=value
    std::vector<std::string> axes;       // --axis name=value,value
    std::vector<std::string> argv;       // after --
};

void add_sweep_source(Verb& verb, SweepSource& source);

// Read and checked against the declared jobs; errors name file, line and remedy.
Result<Sweep> read_sweep(const SweepSource& source);

// What $XORCH_SITE and the overrides say, for whoever asks about a site and has no sweep: a sweep
// of one unit that does nothing.
Result<Sweep> read_site(const std::vector<std::string>& overrides);

// An error of freezing or planning that sweep, with its place.
tl::unexpected<Error> fail_at_source(const SweepSource& source, const Error& error);

// What --axis and the command after -- say, as the text of a sweep file.
Result<std::string> spell_sweep(const SweepSource& source);

}  // namespace xorch
