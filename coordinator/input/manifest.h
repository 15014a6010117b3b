#pragma once

// What a file or folder contains, as one hash: names, sizes and contents of everything below it,
// wherever it lies. Links are followed as long as they stay inside.

#include <string>
#include <vector>

#include "core/error.h"

namespace xorch {

struct ManifestEntry {
    std::string name;  // relative; "" for a single file
    std::string path;
    bool executable = false;
    bool outside_link = false;  // a link that leads out of the folder, or in a circle
};

// Every file below `path`, sorted by name. `skip_derived` leaves out what programs and version
// control put beside code (__pycache__, *.pyc, .git), so that running it does not change it.
Result<std::vector<ManifestEntry>> list_files(const std::string& path, bool skip_derived);

// 32 hexadecimal digits of the content. Links that lead outside count by their own text.
Result<std::string> manifest_hash(const std::string& path);

// 32 hexadecimal digits of one file's bytes.
Result<std::string> hash_file(const std::string& path);

}  // namespace xorch
