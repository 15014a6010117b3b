#pragma once

// A network that makes X-rays of photos: the one that this family trained, or a TorchScript file of
// the user's. Free of LibTorch's headers. One thread.
//
// The contract of a TorchScript module: f32[N,3,S,S] in [-1, 1], red, green, blue, goes in;
// f32[N,1,S,S] or f32[N,3,S,S] in [-1, 1] comes out, whose channels are averaged; or a tuple that
// begins with it. The same photos have the same answer.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/files/grid.h"
#include "jobs/pix2pix/data/pair_set.h"

namespace xorch::pix2pix {

// Photos of one size, [photo][channel][y][x] in [-1, 1].
struct PhotoBatch {
    std::int64_t photos = 0;
    int side = 0;
    std::vector<float> values;
};

PhotoBatch photos_of(const PairSet& set, const std::vector<std::size_t>& pairs);

class Translator {
 public:
    virtual ~Translator() = default;

    virtual Result<std::vector<Plane>> translate(const PhotoBatch& batch) = 0;
};

// The folder of a model that pix2pix.train left, or a TorchScript file that takes photos of that
// side; the error names it.
Result<std::unique_ptr<Translator>> open_translator(const std::string& path, int side);

// Every pair of the set in its order, `batch` at once.
Result<std::vector<Plane>> translate_set(
    Translator& translator, const PairSet& set, std::int64_t batch
);

}  // namespace xorch::pix2pix
