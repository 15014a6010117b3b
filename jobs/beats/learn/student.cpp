#include "jobs/beats/learn/student.h"

#include <cmath>

#include "jobs/beats/learn/segment_tokens.h"

namespace xorch::beats {

namespace {

constexpr std::int64_t layers = 3;
constexpr double least_largest = 1e-8;  // of the tokens of a batch that is all zero

using Gradients = torch::autograd::variable_list;

// make_tokens() as LibTorch's autograd knows it; windows have no gradient.
struct SegmentTokens : public torch::autograd::Function<SegmentTokens> {
    static torch::Tensor forward(
        torch::autograd::AutogradContext* context,
        const torch::Tensor& windows,
        const torch::Tensor& weights,
        const torch::Tensor& biases,
        bool with_slopes
    ) {
        const std::int64_t beats = windows.size(0);
        const torch::Tensor samples = windows.contiguous();
        const torch::Tensor w = weights.contiguous();
        const torch::Tensor b = biases.contiguous();
        const torch::Tensor tokens = torch::empty({beats, token_count, filter_count});
        const torch::Tensor slopes = torch::empty({with_slopes ? beats : 0, token_slopes});
        make_tokens(
            samples.data_ptr<float>(),
            beats,
            {.weights = w.data_ptr<float>(), .biases = b.data_ptr<float>()},
            {.tokens = tokens.data_ptr<float>(),
             .slopes = with_slopes ? slopes.data_ptr<float>() : nullptr}
        );
        if (with_slopes) context->save_for_backward({slopes});
        return tokens;
    }

    static Gradients backward(
        torch::autograd::AutogradContext* context, const Gradients& token_gradients
    ) {
        const torch::Tensor gradient = token_gradients[0].contiguous();
        const torch::Tensor slopes = context->get_saved_variables()[0];
        const FilterGradients sums = filter_gradients(
            gradient.data_ptr<float>(), slopes.data_ptr<float>(), gradient.size(0)
        );
        const torch::Tensor weights =
            torch::tensor(sums.weights).view({segment_count, filter_count, filter_samples});
        const torch::Tensor biases = torch::tensor(sums.biases).view({segment_count, filter_count});
        return {torch::Tensor(), weights, biases, torch::Tensor()};
    }
};

torch::Tensor uniform(torch::IntArrayRef sizes, double bound) {
    return torch::empty(sizes).uniform_(-bound, bound);
}

}  // namespace

StudentImpl::StudentImpl(const StudentShape& shape) : shape_(shape) {
    // He et al. 2015 with slope sqrt(5) for filters, Glorot and Bengio 2010 for layers.
    const double filter_bound = 1.0 / std::sqrt(static_cast<double>(filter_samples));
    const double layer_bound = std::sqrt(6.0 / (2.0 * filter_count));
    filter_weights_ = register_parameter(
        "filter_weights", uniform({segment_count, filter_count, filter_samples}, filter_bound)
    );
    filter_biases_ =
        register_parameter("filter_biases", torch::zeros({segment_count, filter_count}));
    layer_weights_ = register_parameter(
        "layer_weights", uniform({layers, filter_count, filter_count}, layer_bound)
    );
    layer_biases_ = register_parameter("layer_biases", torch::zeros({layers, filter_count}));
    classifier_ = register_module("classifier", torch::nn::Linear(filter_count, class_count));
}

torch::Tensor StudentImpl::constrained(const torch::Tensor& parameter) const {
    return torch::tanh(parameter) * shape_.constraint_scale;
}

torch::Tensor StudentImpl::forward(const torch::Tensor& windows) {
    torch::Tensor h = SegmentTokens::apply(
        windows,
        constrained(filter_weights_),
        constrained(filter_biases_),
        torch::GradMode::is_enabled()
    );
    const torch::Tensor weights = constrained(layer_weights_);
    const torch::Tensor biases = constrained(layer_biases_);
    for (std::int64_t layer = 0; layer < layers; ++layer) {
        h = h / h.abs().max().clamp_min(least_largest);
        h = torch::relu(torch::linear(h, weights[layer], biases[layer]));
        h = torch::dropout(h, shape_.dropout, is_training());
    }
    h = torch::dropout(h.mean(1), shape_.dropout, is_training());
    return classifier_->forward(h);
}

}  // namespace xorch::beats
