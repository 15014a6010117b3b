#pragma once

// The texts of "normal" and "abnormal" for the encoder of this family: prompts from templates,
// states and the name of a class, each the sum of a fixed vector per word. As with a real text
// tower the two share most of what they say, so they lie close together, and the encoder learns to
// tell them apart. Pure.

#include <string>
#include <vector>

#include "jobs/anomaly/encode/features.h"

namespace xorch::anomaly {

inline constexpr int feature_size = 32;  // of texts, images and patches

// Of a class: "a photo of a flawless bottle", "a photo of a damaged bottle", ...
struct Prompts {
    std::vector<std::string> normal;
    std::vector<std::string> abnormal;
};

Prompts prompts_of(const std::string& class_name);

// Of length 1; equal texts have equal vectors.
std::vector<float> embed_text(const std::string& text);

// Two rows of length 1, the means of either side.
Features text_gallery(const Prompts& prompts);

}  // namespace xorch::anomaly
