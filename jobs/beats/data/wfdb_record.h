#pragma once

// A recording with its annotations as WFDB keeps it in a folder: NAME.hea, the files of samples
// that it names, NAME.atr. Errors name the file and the reason.

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "jobs/beats/data/wfdb_annotations.h"
#include "jobs/beats/data/wfdb_header.h"

namespace xorch::beats {

struct WfdbRecord {
    WfdbHeader header;
    std::vector<std::vector<std::int16_t>> signals;  // as header.signals; equally long
    std::vector<WfdbAnnotation> annotations;
};

// All signals with their checksums verified, and NAME.atr.
Result<WfdbRecord> read_wfdb(const std::string& folder, const std::string& name);

// One file of samples, NAME.dat, in the format of the first signal. Number of samples, files, first
// samples and checksums of the header are what the signals say.
Result<void> write_wfdb(const std::string& folder, WfdbRecord record);

// Names of the recordings in a folder, sorted; none where there is no .hea file.
std::vector<std::string> list_wfdb(const std::string& folder);

}  // namespace xorch::beats
