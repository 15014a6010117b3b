#include "jobs/torch/data_parallel.h"

#include <functional>
#include <utility>

namespace xorch {

namespace {

using torch::autograd::variable_list;

// Called after a gradient was added to its parameter.
class GradientHook final : public torch::autograd::FunctionPostHook {
 public:
    explicit GradientHook(std::function<void()> call) : call_(std::move(call)) {}

    variable_list operator()(
        const variable_list& outputs, const variable_list& /*inputs*/
    ) override {
        call_();
        return outputs;
    }

 private:
    std::function<void()> call_;
};

}  // namespace

struct DataParallel::Bucket {
    torch::Tensor flat;                     // what is summed
    std::vector<torch::Tensor> parameters;  // whose gradients it holds
    std::vector<torch::Tensor> gradients;   // parts of its memory
    std::size_t missing = 0;                // gradients of this step
    std::unique_ptr<PendingSum> sum;

    std::span<float> values() {
        return {flat.data_ptr<float>(), static_cast<std::size_t>(flat.numel())};
    }
};

DataParallel::DataParallel(
    std::vector<torch::Tensor> parameters, Communicator& ranks, std::size_t bucket_bytes
)
    : parameters_(std::move(parameters)), ranks_(ranks) {
    if (ranks_.size() == 1) return;
    XORCH_CHECK(!parameters_.empty(), "there is something to train");
    fill_buckets(bucket_bytes);
    watch_gradients();
}

DataParallel::~DataParallel() = default;

void DataParallel::fill_buckets(std::size_t bucket_bytes) {
    std::size_t bytes = bucket_bytes;
    for (auto each = parameters_.rbegin(); each != parameters_.rend(); ++each) {
        XORCH_CHECK(each->scalar_type() == torch::kFloat32, "sums over ranks are of f32");
        if (bytes >= bucket_bytes) {
            buckets_.emplace_back();
            bytes = 0;
        }
        buckets_.back().parameters.push_back(*each);
        bytes += each->nbytes();
    }
    for (Bucket& bucket : buckets_) {
        std::int64_t elements = &bucket == &buckets_.back() ? 1 : 0;  // of the loss
        for (const torch::Tensor& parameter : bucket.parameters)
            elements += parameter.numel();
        bucket.flat = torch::zeros({elements}, parameters_.front().options().requires_grad(false));
        std::int64_t place = 0;
        for (const torch::Tensor& parameter : bucket.parameters) {
            // Its memory without being its view: autograd forbids to detach views in place, which
            // is what an optimizer does that clears gradients.
            bucket.gradients.push_back(torch::empty({0}, bucket.flat.options())
                                           .set_(bucket.flat.storage(), place, parameter.sizes()));
            place += parameter.numel();
        }
    }
}

void DataParallel::watch_gradients() {
    for (Bucket& bucket : buckets_) {
        for (const torch::Tensor& parameter : bucket.parameters) {
            auto accumulator = torch::autograd::impl::grad_accumulator(parameter);
            accumulator->add_post_hook(std::make_unique<GradientHook>([this, &bucket] {
                on_gradient(bucket);
            }));
            accumulators_.push_back(std::move(accumulator));
        }
    }
}

Result<void> DataParallel::align() {
    const torch::NoGradGuard no_gradients;
    for (Bucket& bucket : buckets_) {
        for (std::size_t i = 0; i < bucket.parameters.size(); ++i)
            bucket.gradients[i].copy_(bucket.parameters[i]);
        auto sent = ranks_.broadcast(std::as_writable_bytes(bucket.values()), 0);
        if (!sent) return sent;
        for (std::size_t i = 0; i < bucket.parameters.size(); ++i)
            bucket.parameters[i].copy_(bucket.gradients[i]);
    }
    return {};
}

Result<double> DataParallel::backward(const torch::Tensor& loss, double weight) {
    if (ranks_.size() == 1) {
        loss.backward();
        return loss.item<double>();
    }
    const torch::Tensor weighted = loss.defined() ? loss * weight : torch::Tensor();
    begin_step(weighted);
    is_running_ = true;
    try {
        if (weighted.defined()) weighted.backward();
    } catch (...) {
        is_running_ = false;
        throw;
    }
    is_running_ = false;
    // What no loss depends on has no gradient to wait for.
    for (Bucket& bucket : buckets_)
        bucket.missing = 0;
    start_complete();
    if (auto summed = wait_for_all(); !summed) return tl::unexpected(summed.error());
    return buckets_.back().flat[-1].item<double>();
}

void DataParallel::begin_step(const torch::Tensor& loss) {
    const torch::NoGradGuard no_gradients;
    for (Bucket& bucket : buckets_) {
        bucket.flat.zero_();
        bucket.missing = bucket.parameters.size();
        // Whoever clears gradients may have dropped them.
        for (std::size_t i = 0; i < bucket.parameters.size(); ++i)
            bucket.parameters[i].mutable_grad() = bucket.gradients[i];
    }
    if (loss.defined()) buckets_.back().flat[-1] = loss.detach();
    started_ = 0;
    failure_.reset();
}

void DataParallel::on_gradient(Bucket& bucket) {
    if (!is_running_) return;
    --bucket.missing;
    // MPI takes calls of one thread only; NCCL does not mind autograd's own.
    const bool may_start = ranks_.device() == Device::cuda || std::this_thread::get_id() == owner_;
    if (may_start) start_complete();
}

// In one order on every rank, whatever the order of gradients.
void DataParallel::start_complete() {
    while (started_ < buckets_.size() && buckets_[started_].missing == 0 && !failure_) {
        auto sum = ranks_.start_all_reduce_sum(buckets_[started_].values());
        if (!sum) {
            failure_ = sum.error();
            return;
        }
        buckets_[started_++].sum = std::move(*sum);
    }
    if (started_ > 0) (void)buckets_[started_ - 1].sum->has_ended();
}

Result<void> DataParallel::wait_for_all() {
    Result<void> result;
    for (Bucket& bucket : buckets_) {
        const auto sum = std::exchange(bucket.sum, nullptr);
        if (sum == nullptr) continue;
        auto ended = sum->wait();
        if (result) result = std::move(ended);
    }
    if (result && failure_) return tl::unexpected(*failure_);
    return result;
}

}  // namespace xorch
