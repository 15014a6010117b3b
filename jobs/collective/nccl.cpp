#include "jobs/collective/nccl.h"

#include <cuda_runtime_api.h>
#include <fmt/format.h>
#include <nccl.h>

#include <chrono>
#include <optional>
#include <thread>

namespace xorch {

namespace {

using Clock = std::chrono::steady_clock;

// How often a wait looks at the GPU: a step's reductions take hundreds of microseconds at least.
constexpr std::chrono::microseconds look_every{20};

Result<void> check(cudaError_t code, std::string_view what) {
    if (code == cudaSuccess) return {};
    return fail(ErrorCode::unavailable, fmt::format("{}: {}", what, cudaGetErrorString(code)));
}

// A communicator that does not block says of most calls that they are under way.
Result<void> check(ncclResult_t code, std::string_view what) {
    if (code == ncclSuccess || code == ncclInProgress) return {};
    return fail(ErrorCode::unavailable, fmt::format("{}: {}", what, ncclGetErrorString(code)));
}

class NcclCommunicator final : public Communicator {
 public:
    NcclCommunicator(Communicator& host, Millis patience) : host_(host), patience_(patience) {}

    ~NcclCommunicator() override {
        if (communicator_ != nullptr) ncclCommDestroy(communicator_);
        if (ready_ != nullptr) cudaEventDestroy(ready_);
        if (stream_ != nullptr) cudaStreamDestroy(stream_);
    }

    NcclCommunicator(const NcclCommunicator&) = delete;
    NcclCommunicator& operator=(const NcclCommunicator&) = delete;

    Result<void> open(int gpu) {
        if (auto chosen = check(cudaSetDevice(gpu), fmt::format("GPU {}", gpu)); !chosen) {
            return chosen;
        }
        const auto streamed = check(
            cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "making a CUDA stream"
        );
        if (!streamed) return streamed;
        const auto made =
            check(cudaEventCreateWithFlags(&ready_, cudaEventDisableTiming), "making a CUDA event");
        if (!made) return made;
        ncclUniqueId id{};
        if (host_.rank() == 0) {
            if (auto got = check(ncclGetUniqueId(&id), "naming the NCCL world"); !got) return got;
        }
        auto told = host_.broadcast(std::as_writable_bytes(std::span(&id, 1)), 0);
        if (!told) return told;
        ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
        config.blocking = 0;
        const ncclResult_t begun =
            ncclCommInitRankConfig(&communicator_, host_.size(), id, host_.rank(), &config);
        if (auto joined = check(begun, "joining the NCCL world"); !joined) return give_up(joined);
        return wait_until("joining the NCCL world", [] { return cudaSuccess; });
    }

    int rank() const override { return host_.rank(); }

    int size() const override { return host_.size(); }

    Device device() const override { return Device::cuda; }

    Communicator& host() override { return host_; }

    Result<void> all_reduce_sum(std::span<float> values) override {
        return finish(queue_sum(values.data(), values.size(), ncclFloat), "all_reduce");
    }

    Result<void> all_reduce_sum(std::span<double> values) override {
        return finish(queue_sum(values.data(), values.size(), ncclDouble), "all_reduce");
    }

    Result<void> all_reduce_max(std::span<std::int64_t> values) override {
        return host_.all_reduce_max(values);
    }

    Result<std::unique_ptr<PendingSum>> start_all_reduce_sum(std::span<double> values) override {
        auto queued = queue_sum(values.data(), values.size(), ncclDouble);
        if (!queued) return tl::unexpected(queued.error());
        auto sum = std::make_unique<NcclSum>(*this);
        if (auto marked = sum->mark(stream_); !marked) return tl::unexpected(marked.error());
        return sum;
    }

    Result<void> broadcast(std::span<std::byte> bytes, int root) override {
        if (auto begun = begin(); !begun) return begun;
        const ncclResult_t code = ncclBroadcast(
            bytes.data(), bytes.data(), bytes.size(), ncclUint8, root, communicator_, stream_
        );
        return finish(check(code, "broadcast"), "broadcast");
    }

    Result<std::vector<std::string>> gather(std::string_view bytes) override {
        return host_.gather(bytes);
    }

    Result<void> barrier() override { return host_.barrier(); }

 private:
    class NcclSum final : public PendingSum {
     public:
        explicit NcclSum(NcclCommunicator& world) : world_(world) {}

        ~NcclSum() override {
            (void)wait();
            if (done_ != nullptr) cudaEventDestroy(done_);
        }

        Result<void> mark(cudaStream_t stream) {
            const auto made = check(
                cudaEventCreateWithFlags(&done_, cudaEventDisableTiming), "making a CUDA event"
            );
            if (!made) return made;
            return check(cudaEventRecord(done_, stream), "marking the end of all_reduce");
        }

        Result<void> wait() override {
            if (waited_ || done_ == nullptr) return {};
            waited_ = true;
            return world_.wait_until("all_reduce", [this] { return cudaEventQuery(done_); });
        }

        bool has_ended() override {
            return waited_ || done_ == nullptr || cudaEventQuery(done_) != cudaErrorNotReady;
        }

     private:
        NcclCommunicator& world_;
        cudaEvent_t done_ = nullptr;
        bool waited_ = false;
    };

    // What follows sees what the default stream has queued so far.
    Result<void> begin() {
        if (failure_) return tl::unexpected(*failure_);
        if (auto marked = check(cudaEventRecord(ready_, nullptr), "marking the step"); !marked) {
            return marked;
        }
        return check(cudaStreamWaitEvent(stream_, ready_, 0), "waiting for the step");
    }

    Result<void> queue_sum(void* values, std::size_t count, ncclDataType_t type) {
        if (auto begun = begin(); !begun) return begun;
        const ncclResult_t code =
            ncclAllReduce(values, values, count, type, ncclSum, communicator_, stream_);
        return check(code, "all_reduce");
    }

    Result<void> finish(Result<void> queued, std::string_view what) {
        if (!queued) return failure_ ? queued : give_up(queued);
        return wait_until(what, [this] { return cudaStreamQuery(stream_); });
    }

    // `ask` says cudaErrorNotReady while the GPU is at it. NCCL's own errors, a dead peer's for
    // example, come beside that.
    template <class Ask>
    Result<void> wait_until(std::string_view what, const Ask& ask) {
        if (failure_) return tl::unexpected(*failure_);
        const Clock::time_point deadline = Clock::now() + patience_;
        while (true) {
            ncclResult_t state = ncclSuccess;
            ncclResult_t asked = ncclCommGetAsyncError(communicator_, &state);
            if (asked != ncclSuccess) state = asked;
            if (auto sound = check(state, what); !sound) return give_up(sound);
            const cudaError_t gpu = ask();
            if (gpu != cudaErrorNotReady) {
                if (auto sound = check(gpu, what); !sound) return give_up(sound);
                if (state == ncclSuccess) return {};
            }
            if (Clock::now() >= deadline) {
                return give_up(fail(
                    ErrorCode::unavailable,
                    fmt::format(
                        "{}: rank {} waited {} s for the others",
                        what,
                        rank(),
                        patience_.count() / 1'000
                    )
                ));
            }
            std::this_thread::sleep_for(look_every);
        }
    }

    Result<void> give_up(const Result<void>& why) {
        failure_ = why.error();
        if (communicator_ != nullptr) ncclCommAbort(communicator_);
        communicator_ = nullptr;
        return why;
    }

    Communicator& host_;
    Millis patience_;
    cudaStream_t stream_ = nullptr;
    cudaEvent_t ready_ = nullptr;
    ncclComm_t communicator_ = nullptr;
    std::optional<Error> failure_;
};

}  // namespace

Result<std::unique_ptr<Communicator>> make_nccl(Communicator& host, int gpu, Millis patience) {
    auto made = std::make_unique<NcclCommunicator>(host, patience);
    if (auto opened = made->open(gpu); !opened) return tl::unexpected(opened.error());
    return made;
}

Result<std::string> nccl_version() {
    int version = 0;
    if (auto asked = check(ncclGetVersion(&version), "NCCL"); !asked) {
        return tl::unexpected(asked.error());
    }
    return fmt::format("{}.{}.{}", version / 10'000, version / 100 % 100, version % 100);
}

}  // namespace xorch
