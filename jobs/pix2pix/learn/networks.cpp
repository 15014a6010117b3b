#include "jobs/pix2pix/learn/networks.h"

#include <algorithm>

#include "jobs/pix2pix/data/pair_set.h"

namespace xorch::pix2pix {

namespace {

constexpr double leak = 0.2;
constexpr double dropped = 0.5;
constexpr double deviation = 0.02;
constexpr std::int64_t widest = 8;      // times the outermost width
constexpr std::int64_t full_width = 3;  // from this level on
constexpr std::int64_t kernel = 4;

std::int64_t channels_at(std::int64_t width, std::int64_t level) {
    return width * std::min(std::int64_t{1} << std::min(level, full_width), widest);
}

void add_normalisation(
    torch::nn::Sequential& to, std::int64_t channels, Normalisation normalisation
) {
    if (normalisation == Normalisation::batch) {
        to->push_back(torch::nn::BatchNorm2d(channels));
    } else {
        to->push_back(torch::nn::InstanceNorm2d(channels));
    }
}

torch::nn::LeakyReLU leaky() {
    return torch::nn::LeakyReLU(torch::nn::LeakyReLUOptions().negative_slope(leak));
}

struct Convolution {
    std::int64_t from;
    std::int64_t to;
    std::int64_t stride = 2;
    bool bias = false;
};

torch::nn::Conv2d convolution(const Convolution& how) {
    return torch::nn::Conv2d(torch::nn::Conv2dOptions(how.from, how.to, kernel)
                                 .stride(how.stride)
                                 .padding(1)
                                 .bias(how.bias));
}

torch::nn::ConvTranspose2d widening(const Convolution& how) {
    return torch::nn::ConvTranspose2d(torch::nn::ConvTranspose2dOptions(how.from, how.to, kernel)
                                          .stride(how.stride)
                                          .padding(1)
                                          .bias(how.bias));
}

}  // namespace

UnetGeneratorImpl::UnetGeneratorImpl(const GeneratorShape& shape) : shape_(shape) {
    // A normalisation over the batch has a bias of its own.
    const bool bias = shape.normalisation == Normalisation::instance;
    const std::int64_t last = shape.depth - 1;
    for (std::int64_t level = 0; level <= last; ++level) {
        const std::int64_t width = channels_at(shape.width, level);
        const std::int64_t from = level == 0 ? input_channels : channels_at(shape.width, level - 1);
        torch::nn::Sequential down;
        if (level > 0) down->push_back(leaky());
        down->push_back(convolution({.from = from, .to = width, .bias = bias}));
        if (level > 0 && level < last) add_normalisation(down, width, shape.normalisation);
        down_.push_back(register_module("down" + std::to_string(level), down));

        torch::nn::Sequential up;
        up->push_back(torch::nn::ReLU());
        const std::int64_t joined = level == last ? width : 2 * width;
        if (level == 0) {
            up->push_back(widening({.from = joined, .to = 1, .bias = true}));
            up->push_back(torch::nn::Tanh());
        } else {
            up->push_back(widening({.from = joined, .to = from, .bias = bias}));
            add_normalisation(up, from, shape.normalisation);
            const bool is_inner = level > full_width && level < last;
            if (shape.dropout && is_inner) up->push_back(torch::nn::Dropout(dropped));
        }
        up_.push_back(register_module("up" + std::to_string(level), up));
    }
}

torch::Tensor UnetGeneratorImpl::forward(const torch::Tensor& photos) {
    std::vector<torch::Tensor> levels;
    torch::Tensor x = photos;
    for (torch::nn::Sequential& down : down_) {
        x = down->forward(x);
        levels.push_back(x);
    }
    for (std::size_t level = up_.size(); level-- > 0;) {
        x = up_[level]->forward(x);
        if (level > 0) x = torch::cat({levels[level - 1], x}, 1);
    }
    return x;
}

PatchJudgeImpl::PatchJudgeImpl(const JudgeShape& shape) {
    const bool bias = shape.normalisation == Normalisation::instance;
    torch::nn::Sequential layers;
    layers->push_back(convolution({.from = input_channels + 1, .to = shape.width, .bias = true}));
    layers->push_back(leaky());
    for (std::int64_t level = 1; level <= shape.layers; ++level) {
        const std::int64_t width = channels_at(shape.width, level);
        layers->push_back(convolution(
            {.from = channels_at(shape.width, level - 1),
             .to = width,
             .stride = level < shape.layers ? 2 : 1,
             .bias = bias}
        ));
        add_normalisation(layers, width, shape.normalisation);
        layers->push_back(leaky());
    }
    layers->push_back(convolution(
        {.from = channels_at(shape.width, shape.layers), .to = 1, .stride = 1, .bias = true}
    ));
    layers_ = register_module("layers", layers);
}

void begin_weights(torch::nn::Module& module) {
    const torch::NoGradGuard no_gradients;
    for (const auto& part : module.modules()) {
        if (auto* down = part->as<torch::nn::Conv2d>()) {
            down->weight.normal_(0, deviation);
            if (down->bias.defined()) down->bias.zero_();
        } else if (auto* up = part->as<torch::nn::ConvTranspose2d>()) {
            up->weight.normal_(0, deviation);
            if (up->bias.defined()) up->bias.zero_();
        } else if (auto* norm = part->as<torch::nn::BatchNorm2d>()) {
            norm->weight.normal_(1, deviation);
            norm->bias.zero_();
        }
    }
}

}  // namespace xorch::pix2pix
