#pragma once

// Images as an encoder sees them, and masks as pixels are judged. The order of the channels is
// said once for all images of a unit: the published program fills its memory with red-green-blue
// and asks it for blue-green-red.

#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/anomaly/data/class_folder.h"
#include "jobs/anomaly/score/task_maps.h"
#include "jobs/files/grid.h"
#include "jobs/files/picture.h"

namespace xorch::anomaly {

enum class ChannelOrder { rgb, bgr };

struct ImageSettings {
    ChannelOrder order = ChannelOrder::rgb;
    int first_side = 0;  // pixels; all images are brought to it first (published: 1024); 0 = not
    int side = 0;        // of the encoder's input
};

// Three planes of that side, by bicubic interpolation, v / 255 normalised by CLIP's mean and
// deviation of each channel. A grey image has three equal ones. The error names the file.
Result<std::vector<Plane>> load_image(const std::string& path, const ImageSettings& settings);

// The same of a picture that has the encoder's size already.
std::vector<Plane> input_of(const Picture& picture);

// Any value but 0 is abnormal; brought to the resolution by nearest neighbours. All normal without
// a mask.
Result<TruthMask> load_mask(const ImageFile& file, int resolution);

}  // namespace xorch::anomaly
