#pragma once

// The small encoder as it is kept on disk, learned and asked. Free of LibTorch's headers. One
// thread.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/anomaly/encode/encoder.h"
#include "jobs/job_state.h"

namespace xorch::anomaly {

// What a patch or an image is: 1 = abnormal, 0 = normal, -1 = hardly abnormal, and not learned
// from.
struct LabelledImage {
    std::vector<Plane> planes;  // normalised
    std::vector<int> patches;   // 15 * 15
    int whole = 0;
};

// Learns to put images and patches near the text of what they are, as CLIP was trained: by a
// softmax over the two texts at that scale.
class PartTrainer {
 public:
    struct Settings {
        double learning_rate = 3e-3;
        double scale = 100;
        std::uint64_t seed = 0;  // of the weights
    };

    explicit PartTrainer(const Settings& settings);
    ~PartTrainer();

    // The mean of the losses of patches and of whole images; abnormal patches count as much as
    // normal ones together. invalid_input where it is not finite any more.
    Result<double> step(const std::vector<LabelledImage>& batch);

    // Weights and optimizer.
    void store(JobState& state) const;
    Result<void> load(const JobState& state);

    std::unique_ptr<Encoder> encoder() const;

    // A folder that open_encoder() reads.
    Result<void> write(const std::string& folder) const;

 private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

Result<std::unique_ptr<Encoder>> open_part_encoder(const std::string& folder);

}  // namespace xorch::anomaly
