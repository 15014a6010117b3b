#pragma once

// What an encoder answered, kept once for all experiments, each of which is a function of it: a
// file of tokens per image under the hash of model and image, one of texts, and an index of images,
// boxes and the hashes of those files. An answer of another model or one that changed on disk is an
// error, never a surprise. Free of LibTorch.

#include <map>
#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/files/picture.h"
#include "jobs/heatmap/data/scene.h"
#include "jobs/heatmap/maps/tokens.h"
#include "jobs/job.h"

namespace xorch::heatmap {

struct CachedScene {
    std::string id;
    std::string key;
    std::vector<LabelledBox> boxes{};
};

std::string feature_key(const std::string& model_hash, const Scene& scene);

StoredTensor store_tokens(const std::string& key, const Tokens& tokens);
Result<Tokens> restore_tokens(const StoredTensor& tensor);

// As an index and a checkpoint keep it.
Object store_scene(const CachedScene& scene);
Result<CachedScene> restore_scene(const Object& stored);

struct Features {
    std::string model_hash;
    TextFeatures texts;
    std::vector<CachedScene> scenes;
    std::vector<StoredTensor> tokens;  // one per key
};

// Writes features/; returns the hash of its index, for the unit's record.
Result<std::string> write_features(NativeUnit& unit, const Features& features);

// One class of one image, and its boxes: what an experiment makes one map for.
struct Sample {
    std::size_t scene = 0;  // among those of the cache
    ClassNumber of = 0;
    std::size_t place = 0;  // of the class among the texts
    std::vector<Box> boxes{};
};

// The features that an input left.
class FeatureCache {
 public:
    // The index must be the one that the input's record names.
    static Result<FeatureCache> open(const NativeUnit& unit);

    const std::vector<CachedScene>& scenes() const { return scenes_; }

    const TextFeatures& texts() const { return texts_; }

    Result<Tokens> tokens(const CachedScene& scene) const;

    // Of one of the first images, as many as the unit that left the features kept.
    Result<Picture> picture(const CachedScene& scene) const;

    // In the order of images and classes. The error names a class without a text.
    Result<std::vector<Sample>> samples() const;

 private:
    Result<void> read_index(const std::string& text);
    Result<std::string> read_checked(const std::string& name) const;

    std::string folder_;
    std::vector<CachedScene> scenes_;
    TextFeatures texts_;
    std::map<std::string, std::string> hash_of_;  // of a file's bytes, by its name
};

}  // namespace xorch::heatmap
