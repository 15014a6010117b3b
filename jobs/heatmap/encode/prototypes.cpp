#include "jobs/heatmap/encode/prototypes.h"

#include <cmath>
#include <numeric>

#include "core/error.h"

namespace xorch::heatmap {

namespace {

using Vector = std::vector<double>;

void add_scaled(Vector& to, const Vector& what, double scale) {
    to.resize(what.size());
    for (std::size_t i = 0; i < to.size(); ++i) {
        to[i] += scale * what[i];
    }
}

double product(const Vector& left, const Vector& right) {
    return std::inner_product(left.begin(), left.end(), right.begin(), 0.0);
}

Vector to_unit(Vector vector) {
    const double length = std::sqrt(product(vector, vector));
    if (length == 0) return vector;
    for (double& value : vector) {
        value /= length;
    }
    return vector;
}

}  // namespace

void Prototypes::add(ClassNumber of, std::span<const float> image_token) {
    Sum& sum = sums_[of];
    sum.count += 1;
    add_scaled(sum.values, Vector(image_token.begin(), image_token.end()), 1);
}

TextFeatures Prototypes::texts(double shared) const {
    XORCH_CHECK(!sums_.empty(), "the texts of no class");
    Vector mean;
    for (const auto& [number, sum] : sums_) {
        add_scaled(mean, sum.values, 1 / (sum.count * static_cast<double>(sums_.size())));
    }
    TextFeatures texts{.classes = {}, .width = static_cast<int>(mean.size()), .values = {}};
    const Vector common = to_unit(mean);
    for (const auto& [number, sum] : sums_) {
        Vector contrast;
        add_scaled(contrast, sum.values, 1 / sum.count);
        add_scaled(contrast, mean, -1);
        // Along what all have in common a class would be likelier than another in every image.
        add_scaled(contrast, common, -product(contrast, common));
        Vector text = to_unit(std::move(contrast));
        add_scaled(text, common, shared);
        texts.classes.push_back(number);
        texts.values.insert(texts.values.end(), text.begin(), text.end());
    }
    return texts;
}

std::vector<double> Prototypes::numbers() const {
    Vector numbers;
    for (const auto& [number, sum] : sums_) {
        numbers.push_back(number);
        numbers.push_back(sum.count);
        numbers.insert(numbers.end(), sum.values.begin(), sum.values.end());
    }
    return numbers;
}

Prototypes Prototypes::from_numbers(std::span<const double> numbers, std::size_t width) {
    Prototypes prototypes;
    for (; numbers.size() >= width + 2; numbers = numbers.subspan(width + 2)) {
        const std::span<const double> values = numbers.subspan(2, width);
        prototypes.sums_[static_cast<ClassNumber>(numbers[0])] = {
            .count = numbers[1], .values = {values.begin(), values.end()}
        };
    }
    return prototypes;
}

}  // namespace xorch::heatmap
