#include "jobs/heatmap/maps/similarity.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

namespace xorch::heatmap {

namespace {

using Vector = std::vector<double>;

constexpr double temperature = 2;  // of the softmax over classes, as published

Vector to_vector(std::span<const float> values) {
    return {values.begin(), values.end()};
}

double dot(const Vector& left, const Vector& right) {
    return std::inner_product(left.begin(), left.end(), right.begin(), 0.0);
}

// A vector of zeros has no direction and stays what it is.
void normalise(Vector& vector) {
    const double length = std::sqrt(dot(vector, vector));
    if (length == 0) return;
    for (double& value : vector) {
        value /= length;
    }
}

Vector normalised(std::span<const float> values) {
    Vector vector = to_vector(values);
    normalise(vector);
    return vector;
}

void subtract_mean(std::vector<Vector>& vectors) {
    Vector mean(vectors[0].size());
    for (const Vector& vector : vectors) {
        for (std::size_t i = 0; i < mean.size(); ++i) {
            mean[i] += vector[i] / static_cast<double>(vectors.size());
        }
    }
    for (Vector& vector : vectors) {
        for (std::size_t i = 0; i < mean.size(); ++i) {
            vector[i] -= mean[i];
        }
    }
}

// Of each class, relative to their mean.
Vector class_weights(const Tokens& tokens, const TextFeatures& texts) {
    Vector weights = compare_image(tokens, texts);
    for (double& weight : weights) {
        weight = std::exp(temperature * weight);
    }
    const double mean =
        std::accumulate(weights.begin(), weights.end(), 0.0) / static_cast<double>(weights.size());
    for (double& weight : weights) {
        weight /= mean;
    }
    return weights;
}

Similarity collect(const std::vector<Vector>& features, const Vector& numbers, int grid) {
    Similarity similarity{.map = PatchMap(grid, grid), .features = {}};
    similarity.map.values = numbers;
    for (const Vector& feature : features) {
        similarity.features.insert(similarity.features.end(), feature.begin(), feature.end());
    }
    return similarity;
}

Similarity without_redundancy(const Tokens& tokens, const TextFeatures& texts, std::size_t place) {
    const Vector weights = class_weights(tokens, texts);
    // The mean over classes of weight times text is the same for all patches.
    Vector redundant(static_cast<std::size_t>(texts.width));
    Vector own;
    for (std::size_t i = 0; i < texts.classes.size(); ++i) {
        const Vector text = normalised(texts.row(i));
        for (std::size_t k = 0; k < redundant.size(); ++k) {
            redundant[k] += weights[i] * text[k] / static_cast<double>(texts.classes.size());
        }
        if (i == place) own = text;
    }
    std::vector<Vector> features;
    Vector numbers;
    for (int patch = 0; patch < tokens.patches(); ++patch) {
        Vector feature = normalised(tokens.patch(patch));
        for (std::size_t k = 0; k < feature.size(); ++k) {
            feature[k] *= weights[place] * own[k] - redundant[k];
        }
        numbers.push_back(std::accumulate(feature.begin(), feature.end(), 0.0));
        features.push_back(std::move(feature));
    }
    return collect(features, numbers, tokens.grid);
}

}  // namespace

Similarity compare_patches(
    const Tokens& tokens, const TextFeatures& texts, std::size_t place, const SimilarityRules& rules
) {
    XORCH_CHECK(tokens.width == texts.width, "patches and texts of one width are compared");
    const Surgery surgery = rules.is_applied ? rules.surgery : Surgery::none;
    if (surgery == Surgery::class_redundancy) return without_redundancy(tokens, texts, place);
    std::vector<Vector> features;
    for (int patch = 0; patch < tokens.patches(); ++patch) {
        features.push_back(to_vector(tokens.patch(patch)));
    }
    if (surgery == Surgery::patch_mean) subtract_mean(features);
    const Vector text = normalised(texts.row(place));
    Vector numbers;
    for (Vector& feature : features) {
        if (rules.is_cosine) normalise(feature);
        numbers.push_back(dot(feature, text));
    }
    return collect(features, numbers, tokens.grid);
}

std::vector<double> compare_image(const Tokens& tokens, const TextFeatures& texts) {
    const Vector image = normalised(tokens.image());
    Vector numbers;
    for (std::size_t i = 0; i < texts.classes.size(); ++i) {
        numbers.push_back(dot(image, normalised(texts.row(i))));
    }
    return numbers;
}

}  // namespace xorch::heatmap
