#include "jobs/torch/data_parallel.h"

#include <algorithm>
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

// Beside a number of this size, f64 has no digits below gradient_quantum.
constexpr double rounder = 1.5 * 0x1p52 * gradient_quantum;

}  // namespace

struct DataParallel::Bucket {
    torch::Tensor flat;                     // what is summed, f64
    std::vector<torch::Tensor> parameters;  // whose gradients it sums
    std::vector<torch::Tensor> sums;        // parts of `flat`, in the shape of the parameters
    std::size_t missing = 0;                // gradients of the last item
    std::unique_ptr<PendingSum> pending;

    std::span<double> values() {
        return {flat.data_ptr<double>(), static_cast<std::size_t>(flat.numel())};
    }
};

DataParallel::DataParallel(
    std::vector<torch::Tensor> parameters, Communicator& ranks, std::size_t bucket_bytes
)
    : parameters_(std::move(parameters)), ranks_(ranks) {
    XORCH_CHECK(!parameters_.empty(), "there is something to train");
    fill_buckets(bucket_bytes);
    watch_gradients();
}

DataParallel::~DataParallel() = default;

void DataParallel::fill_buckets(std::size_t bucket_bytes) {
    std::size_t bytes = bucket_bytes;
    for (auto each = parameters_.rbegin(); each != parameters_.rend(); ++each) {
        XORCH_CHECK(each->scalar_type() == torch::kFloat32, "gradients are of f32");
        if (bytes >= bucket_bytes) {
            buckets_.emplace_back();
            bytes = 0;
        }
        buckets_.back().parameters.push_back(*each);
        bytes += static_cast<std::size_t>(each->numel()) * sizeof(double);
    }
    constexpr std::int64_t totals = 2;
    const auto options = torch::dtype(torch::kFloat64).device(parameters_.front().device());
    std::int64_t longest = 1;
    for (Bucket& bucket : buckets_) {
        std::int64_t elements = &bucket == &buckets_.back() ? totals : 0;
        for (const torch::Tensor& parameter : bucket.parameters)
            elements += parameter.numel();
        bucket.flat = torch::zeros({elements}, options);
        std::int64_t place = 0;
        for (const torch::Tensor& parameter : bucket.parameters) {
            bucket.sums.push_back(
                bucket.flat.narrow(0, place, parameter.numel()).view(parameter.sizes())
            );
            place += parameter.numel();
            longest = std::max(longest, parameter.numel());
        }
    }
    scratch_ = torch::empty({longest}, options);
    totals_ = buckets_.back().flat.narrow(0, buckets_.back().flat.numel() - totals, totals);
}

void DataParallel::watch_gradients() {
    for (Bucket& bucket : buckets_) {
        for (std::size_t place = 0; place < bucket.parameters.size(); ++place) {
            auto accumulator = torch::autograd::impl::grad_accumulator(bucket.parameters[place]);
            accumulator->add_post_hook(std::make_unique<GradientHook>([this, &bucket, place] {
                on_gradient(bucket, place);
            }));
            accumulators_.push_back(std::move(accumulator));
        }
    }
}

Result<void> DataParallel::align() {
    const torch::NoGradGuard no_gradients;
    for (torch::Tensor& parameter : parameters_) {
        const torch::Tensor weights = parameter.contiguous();
        const std::span<float> values{
            weights.data_ptr<float>(), static_cast<std::size_t>(weights.numel())};
        if (auto sent = ranks_.broadcast(std::as_writable_bytes(values), 0); !sent) return sent;
        parameter.copy_(weights);
    }
    return {};
}

Result<double> DataParallel::backward(
    std::int64_t items, const std::function<torch::Tensor(std::int64_t)>& loss_of
) {
    begin_step(items);
    for (std::int64_t item = 0; item < items; ++item)
        add_item(loss_of(item));
    // What no loss depends on has no gradient to wait for.
    for (Bucket& bucket : buckets_)
        bucket.missing = 0;
    start_complete();
    if (auto summed = wait_for_all(); !summed) return tl::unexpected(summed.error());
    return take_mean();
}

void DataParallel::begin_step(std::int64_t items) {
    for (Bucket& bucket : buckets_) {
        bucket.flat.zero_();
        bucket.missing = bucket.parameters.size();
        for (torch::Tensor& parameter : bucket.parameters)
            parameter.mutable_grad().reset();
    }
    totals_[1] = items;
    items_left_ = items;
    started_ = 0;
    failure_.reset();
}

void DataParallel::add_item(const torch::Tensor& loss) {
    add_rounded(totals_[0], loss.detach());
    --items_left_;
    is_running_ = true;
    try {
        loss.backward();
    } catch (...) {
        is_running_ = false;
        throw;
    }
    is_running_ = false;
}

void DataParallel::on_gradient(Bucket& bucket, std::size_t place) {
    if (!is_running_) return;
    torch::Tensor& gradient = bucket.parameters[place].mutable_grad();
    add_rounded(bucket.sums[place], gradient);
    gradient.reset();
    if (items_left_ > 0) return;
    --bucket.missing;
    // MPI takes calls of one thread only; NCCL does not mind autograd's own.
    const bool may_start = ranks_.device() == Device::cuda || std::this_thread::get_id() == owner_;
    if (may_start) start_complete();
}

void DataParallel::add_rounded(torch::Tensor sum, const torch::Tensor& values) {
    const torch::Tensor part = scratch_.narrow(0, 0, values.numel()).view(values.sizes());
    part.copy_(values).add_(rounder).sub_(rounder);
    sum.add_(part);
}

// In one order on every rank, whatever the order of gradients.
void DataParallel::start_complete() {
    while (started_ < buckets_.size() && buckets_[started_].missing == 0 && !failure_) {
        auto sum = ranks_.start_all_reduce_sum(buckets_[started_].values());
        if (!sum) {
            failure_ = sum.error();
            return;
        }
        buckets_[started_++].pending = std::move(*sum);
    }
    if (started_ > 0) (void)buckets_[started_ - 1].pending->has_ended();
}

Result<void> DataParallel::wait_for_all() {
    Result<void> result;
    for (Bucket& bucket : buckets_) {
        const auto pending = std::exchange(bucket.pending, nullptr);
        if (pending == nullptr) continue;
        auto ended = pending->wait();
        if (result) result = std::move(ended);
    }
    if (result && failure_) return tl::unexpected(*failure_);
    return result;
}

double DataParallel::take_mean() {
    const double items = totals_[1].item<double>();
    XORCH_CHECK(items > 0, "some rank has items");
    for (Bucket& bucket : buckets_) {
        for (std::size_t i = 0; i < bucket.parameters.size(); ++i)
            bucket.parameters[i].mutable_grad() = (bucket.sums[i] / items).to(torch::kFloat32);
    }
    return totals_[0].item<double>() / items;
}

}  // namespace xorch
