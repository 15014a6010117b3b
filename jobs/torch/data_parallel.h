#pragma once

// Data-parallel training: the ranks of a gang share each step's batch, and every one ends the step
// with the gradients of the whole batch. These have the same bits for any number of ranks (decision
// 0013): items run one by one, on one rank as on many, because what a kernel adds up depends on how
// many items it is given; and their gradients are rounded to multiples of gradient_quantum, whose
// sum in f64 is exact, so that no order of adding matters.
//
// The sums lie in flat buckets, in the reverse order of the parameters, which is about the order in
// which backward makes gradients. In the backward of a rank's last item, the sum of a bucket over
// the ranks starts as soon as all of it is there, beside the rest. The loss travels in the last
// bucket.
//
// One thread: autograd runs backward of tensors in host memory in the thread that asked for it.

#include <cstddef>
#include <cstdint>
#include <functional>
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

// f64 has 53 bits: sums are exact while the magnitudes added come to less than 512. Of gradients
// above 1e-6 it takes nothing that f32 holds, and Adam, which adds 1e-8 to the size of a gradient
// before it divides by it, hears nothing of the rest.
inline constexpr double gradient_quantum = 0x1p-44;

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

    // `loss_of` makes the loss of one of this rank's items, from 0 to `items`, and depends on no
    // other item; `items` may be 0 where other ranks have some. Returns the mean loss of the items
    // of all ranks; the parameters then have its gradients, zeros where nothing depends on them,
    // and what gradients they had before is gone.
    Result<double> backward(
        std::int64_t items, const std::function<torch::Tensor(std::int64_t)>& loss_of
    );

 private:
    struct Bucket;

    void fill_buckets(std::size_t bucket_bytes);
    void watch_gradients();
    void begin_step(std::int64_t items);
    void add_item(const torch::Tensor& loss);
    void on_gradient(Bucket& bucket, std::size_t place);
    void add_rounded(torch::Tensor sum, const torch::Tensor& values);
    void start_complete();
    Result<void> wait_for_all();
    double take_mean();

    std::vector<torch::Tensor> parameters_;
    Communicator& ranks_;
    std::thread::id owner_ = std::this_thread::get_id();
    std::vector<Bucket> buckets_;
    torch::Tensor totals_;   // loss and number of items, in the last bucket
    torch::Tensor scratch_;  // f64, as long as the longest parameter
    std::vector<std::shared_ptr<torch::autograd::Node>> accumulators_;  // they own the hooks
    bool is_running_ = false;                                           // a backward of ours
    std::int64_t items_left_ = 0;                                       // of this rank and step
    std::size_t started_ = 0;                                           // buckets of this step
    std::optional<Error> failure_;
};

}  // namespace xorch
