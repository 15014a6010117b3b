#include <fmt/core.h>

#include <array>
#include <cmath>

#include "core/hash.h"
#include "jobs/heatmap/data/box.h"
#include "jobs/heatmap/encode/encoder.h"
#include "jobs/random/random_stream.h"

namespace xorch::heatmap {

namespace {

// A ViT-B/32 at 224 pixels has this grid.
constexpr int grid = 7;
constexpr int patch_side = image_side / grid;
constexpr int token_width = 32;

// Mean and deviation of red, green and blue, and how much brightness changes along and across.
constexpr std::size_t traits = 8;
using Description = std::array<double, traits>;

double brightness(const Colour& colour) {
    return (0.299 * colour.red + 0.587 * colour.green + 0.114 * colour.blue) / 255;
}

// Of the pixel and those before it in the same patch.
void add_changes(const Picture& picture, Pixel at, Pixel corner, Description& description) {
    const double here = brightness(picture.at(at.y, at.x));
    constexpr double changes = patch_side * (patch_side - 1);
    if (at.x > corner.x) {
        description[6] += std::abs(here - brightness(picture.at(at.y, at.x - 1))) / changes;
    }
    if (at.y > corner.y) {
        description[7] += std::abs(here - brightness(picture.at(at.y - 1, at.x))) / changes;
    }
}

Description describe(const Picture& picture, Pixel corner) {
    constexpr double pixels = patch_side * patch_side;
    Description description{};
    std::array<double, 3> squares{};
    for (int y = corner.y; y < corner.y + patch_side; ++y) {
        for (int x = corner.x; x < corner.x + patch_side; ++x) {
            const Colour& colour = picture.at(y, x);
            const std::array levels{colour.red, colour.green, colour.blue};
            for (std::size_t channel = 0; channel < 3; ++channel) {
                const double level = levels[channel] / 255.0;
                description[channel] += level / pixels;
                squares[channel] += level * level / pixels;
            }
            add_changes(picture, {y, x}, corner, description);
        }
    }
    for (std::size_t channel = 0; channel < 3; ++channel) {
        const double mean = description[channel];
        description[3 + channel] = std::sqrt(std::max(0.0, squares[channel] - mean * mean));
        description[channel] = mean - 0.5;
    }
    return description;
}

class NativeEncoder final : public Encoder {
 public:
    explicit NativeEncoder(const NativeEncoderOptions& options)
        : options_(options),
          hash_(hash_text(
              fmt::format("patch statistics 1 {} {}", options.anisotropy, options.context)
          )) {
        RandomStream random(1, "heatmap.encoder");
        // Colours differ by a few tenths, textures by a few hundredths.
        constexpr Description gains{4, 4, 4, 8, 8, 8, 16, 16};
        for (auto& row : weights_) {
            for (std::size_t i = 0; i < traits; ++i) {
                row[i] = gains[i] * random.normal() / std::sqrt(static_cast<double>(traits));
            }
        }
        double length = 0;
        for (double& value : shared_) {
            value = random.normal();
            length += value * value;
        }
        for (double& value : shared_) {
            value *= options.anisotropy / std::sqrt(length);
        }
    }

    Result<Tokens> encode(const Picture& picture) override {
        std::vector<Token> patches;
        Token mean{};
        for (int number = 0; number < grid * grid; ++number) {
            const Pixel corner{number / grid * patch_side, number % grid * patch_side};
            const Token& token = patches.emplace_back(project(describe(picture, corner)));
            for (std::size_t i = 0; i < token.size(); ++i) {
                mean[i] += token[i] / (grid * grid);
            }
        }
        Tokens tokens{.grid = grid, .width = token_width, .values = {}};
        append(tokens, mean, mean);
        for (const Token& patch : patches) {
            append(tokens, patch, mean);
        }
        return tokens;
    }

    const std::string& hash() const override { return hash_; }

 private:
    using Token = std::array<double, token_width>;

    Token project(const Description& description) const {
        Token token{};
        for (std::size_t i = 0; i < token.size(); ++i) {
            for (std::size_t k = 0; k < traits; ++k) {
                token[i] += weights_[i][k] * description[k];
            }
            token[i] = std::tanh(token[i]) / std::sqrt(static_cast<double>(token_width));
        }
        return token;
    }

    void append(Tokens& tokens, const Token& own, const Token& mean) const {
        for (std::size_t i = 0; i < own.size(); ++i) {
            const double mixed = (1 - options_.context) * own[i] + options_.context * mean[i];
            tokens.values.push_back(static_cast<float>(mixed + shared_[i]));
        }
    }

    NativeEncoderOptions options_;
    std::string hash_;
    std::array<Description, token_width> weights_{};
    Token shared_{};
};

}  // namespace

std::unique_ptr<Encoder> make_native_encoder(const NativeEncoderOptions& options) {
    return std::make_unique<NativeEncoder>(options);
}

TextFeatures to_text_features(const ClassRows& rows) {
    TextFeatures texts{
        .classes = {}, .width = static_cast<int>(rows.begin()->second.size()), .values = {}};
    for (const auto& [number, values] : rows) {
        texts.classes.push_back(number);
        for (const double value : values) {
            texts.values.push_back(static_cast<float>(value));
        }
    }
    return texts;
}

}  // namespace xorch::heatmap
