#pragma once

// Tries in a folder what the journal of a sweep does in it. Blocks as long as its file system does.

#include <string>

#include "core/disk.h"
#include "tools/cli/doctor/judge/facts.h"

namespace xorch {

// Makes some small files in the folder and removes them. Two processes that try one folder at once
// must have different names.
FolderFacts probe_folder(Disk& disk, const std::string& folder, const std::string& name);

}  // namespace xorch
