#pragma once

// A network that can be asked: the trained one of this family, or a TorchScript file of the user's.
// Free of LibTorch's headers. One thread.
//
// The contract of either: f32[N,3,H,W], normalised, goes in; f32[N,3,H,W] comes out: flow y, flow x
// (five times a unit vector) and the logit of "cell". A TorchScript module is asked with H = W =
// 256 and may return a tuple, whose first element counts.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"

namespace xorch::cellseg {

// [item, channel, y, x] of three channels.
struct Batch {
    int items = 0;
    int height = 0;
    int width = 0;
    std::vector<float> values;

    Batch() = default;

    Batch(int count, int rows, int columns)
        : items(count),
          height(rows),
          width(columns),
          values(item_size() * static_cast<std::size_t>(count)) {}

    std::size_t item_size() const {
        return 3U * static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    }

    float* item(int number) {
        return values.data() + item_size() * static_cast<std::size_t>(number);
    }

    const float* item(int number) const {
        return values.data() + item_size() * static_cast<std::size_t>(number);
    }
};

class Predictor {
 public:
    virtual ~Predictor() = default;

    // Height and width that every batch must have, if only one size will do.
    virtual std::optional<int> fixed_side() const = 0;

    // Of the size of the input, every value finite. Other sizes are multiples of 16.
    virtual Result<Batch> predict(const Batch& batch) = 0;
};

// The folder of a model that cellseg.train left, or a TorchScript file; the error names it.
Result<std::unique_ptr<Predictor>> open_predictor(const std::string& path);

// A TorchScript file whose contract holds: a probe of two 256 x 256 images is answered with the
// right shape and type, finite, and twice alike.
Result<std::unique_ptr<Predictor>> open_torchscript(const std::string& path);

}  // namespace xorch::cellseg
