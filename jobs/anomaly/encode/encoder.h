#pragma once

// A network that turns images and texts into vectors of one space: the small one that anomaly.train
// leaves, or a TorchScript file of the user's. Free of LibTorch's headers. One thread.
//
// The contract of a TorchScript file: f32[N,3,240,240], normalised as CLIP's images, goes in; a
// tuple of four comes out: global f32[N,D], patches f32[N,P,D], and features of two levels
// f32[N,P,W]. P is a square number. Texts are not traced: they come as numbers, two rows of D.

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/anomaly/encode/features.h"
#include "jobs/files/grid.h"

namespace xorch::anomaly {

inline constexpr int script_side = 240;  // pixels

// Every row of length 1.
struct EncodedImage {
    Features whole;  // one row
    Features patches;
    std::array<Features, 2> levels;  // as many rows as there are patches
    int grid_side = 0;               // patches in a row of the image
};

class Encoder {
 public:
    virtual ~Encoder() = default;

    virtual int side() const = 0;  // of its input, pixels

    // Three planes of that side, normalised.
    virtual Result<EncodedImage> encode(const std::vector<Plane>& image) = 0;

    // Normal and abnormal, two rows of length 1 that fit the patches.
    virtual Result<Features> texts(const std::string& class_name) = 0;
};

// `path` is the folder that anomaly.train left, or a TorchScript file, for which `texts` names the
// numbers of its texts: a file, or a folder with CLASS.npy or CLASS.pt. NPY or a tensor that
// torch.save() wrote; the bytes decide. Errors name the file.
Result<std::unique_ptr<Encoder>> open_encoder(const std::string& path, const std::string& texts);

}  // namespace xorch::anomaly
