#pragma once

// Facts with random content, for tests of the codec and of the journal. The same seed gives the
// same facts.

#include <cstddef>
#include <random>

#include "core/facts.h"

namespace xorch {

// A fact of the kind at this position of the variant.
Fact random_fact(std::mt19937_64& random, std::size_t kind);

// One to four facts of any kinds but EpochEnded.
FactBatch random_batch(std::mt19937_64& random);

}  // namespace xorch
