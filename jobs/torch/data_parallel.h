#pragma once

// Data-parallel training: the ranks of a gang share each step's batch, and every one ends the step
// with the gradients of the whole batch, the same bits everywhere, so that the weights never part.
//
// The gradients lie in flat buckets, in the reverse order of the parameters, which is about the
// order in which backward makes them. The sum of a bucket over the ranks starts as soon as all of
// it is there, beside the rest of backward. The loss travels in the last bucket. With one rank
// there are no buckets, and backward is LibTorch's own.
//
// One thread: autograd runs backward of tensors in host memory in the thread that asked for it.

#include <cstddef>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "core/error.h"
#include "jobs/collective/communicator.h"
#include "jobs/torch/torch.h"

namespace xorch {

// Large enough that a sum is not all latency, small enough that the first one starts early.
inline constexpr std::size_t gradient_bucket_bytes = std::size_t{2} << 20U;

class DataParallel {
 public:
    // The parameters are f32, the same on every rank and on the device of `ranks`, which outlives
    // this; this outlives every loss that was made of them.
    DataParallel(
        std::vector<torch::Tensor> parameters,
        Communicator& ranks,
        std::size_t bucket_bytes = gradient_bucket_bytes
    );
    ~DataParallel();
    DataParallel(const DataParallel&) = delete;
    DataParallel& operator=(const DataParallel&) = delete;

    // Every rank takes the weights of rank 0.
    Result<void> align();

    // `loss` is the mean over this rank's items, `weight` their part of the whole batch: 3 items of
    // 8 have 0.375. A rank without items gives an undefined loss. Returns the loss of the batch;
    // the parameters then have its gradients, zeros where nothing depends on them. Gradients are
    // cleared before, as for any backward.
    Result<double> backward(const torch::Tensor& loss, double weight);

 private:
    struct Bucket;

    void fill_buckets(std::size_t bucket_bytes);
    void watch_gradients();
    void begin_step(const torch::Tensor& loss);
    void on_gradient(Bucket& bucket);
    void start_complete();
    Result<void> wait_for_all();

    std::vector<torch::Tensor> parameters_;
    Communicator& ranks_;
    std::thread::id owner_ = std::this_thread::get_id();
    std::vector<Bucket> buckets_;
    std::vector<std::shared_ptr<torch::autograd::Node>> accumulators_;  // they own the hooks
    bool is_running_ = false;                                           // a backward of ours
    std::size_t started_ = 0;                                           // buckets of this step
    std::optional<Error> failure_;
};

}  // namespace xorch
