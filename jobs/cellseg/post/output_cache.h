#pragma once

// What a network answered, kept once for all who make cells of it: a file per image, found by a
// hash of network, image and tile size. Whoever reads it says which image it wants; an answer of
// another network, to another image, or one that changed on disk is an error, never a surprise.
// Free of LibTorch: a reader could not ask a network if it wanted to.

#include <map>
#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/cellseg/data/cell_image.h"
#include "jobs/cellseg/flows/masks.h"
#include "jobs/job.h"

namespace xorch::cellseg {

// Of what the network is asked.
std::string output_key(const std::string& model_hash, const CellImage& image, int tile);

// The answer as a tensor f32[3,H,W] of that name: flow y, flow x, logit.
StoredTensor store_output(const std::string& key, const NetworkOutput& output);
Result<NetworkOutput> restore_output(const StoredTensor& tensor);

// Writes outputs/KEY.safetensors and outputs/index.tsv; returns the hash of the latter, for the
// unit's record. A tensor per image, in order.
Result<std::string> write_outputs(
    NativeUnit& unit, const std::vector<CellImage>& images, const std::vector<StoredTensor>& outputs
);

// The outputs that an input left.
class OutputCache {
 public:
    // The index must be the one that the input's record names.
    static Result<OutputCache> open(const NativeUnit& unit);

    const std::string& model_hash() const { return model_hash_; }

    Result<NetworkOutput> find(const CellImage& image) const;

 private:
    std::string folder_;
    std::string model_hash_;
    int tile_ = 0;
    std::map<std::string, std::string> hash_of_;  // of the file's bytes, by key
};

}  // namespace xorch::cellseg
