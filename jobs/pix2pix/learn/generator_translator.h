#pragma once

// The trained generator as a translator, and as a folder.

#include <memory>

#include "jobs/job_state.h"
#include "jobs/pix2pix/learn/networks.h"
#include "jobs/pix2pix/learn/translator.h"

namespace xorch::pix2pix {

torch::Tensor photo_tensor(const PhotoBatch& batch);

// Shares the weights.
std::unique_ptr<Translator> make_generator_translator(UnetGenerator generator);

JobState generator_model(const UnetGenerator& generator, const GeneratorShape& shape);

}  // namespace xorch::pix2pix
