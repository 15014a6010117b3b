#include "jobs/anomaly/encode/encoder.h"

#include <filesystem>

#include "jobs/anomaly/encode/part_encoder.h"
#include "jobs/anomaly/encode/script_encoder.h"

namespace xorch::anomaly {

Result<std::unique_ptr<Encoder>> open_encoder(const std::string& path, const std::string& texts) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) return open_part_encoder(path);
    return open_script_encoder(path, texts);
}

}  // namespace xorch::anomaly
