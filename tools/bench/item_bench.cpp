// What it costs that DataParallel takes the items of a batch one by one and adds them exactly:
// forward and backward of the network for the items at once, and for one after the other, both by
// LibTorch alone, and by DataParallel. All take turns, on one thread. Of the time on a processor
// the least counts: other work on the machine only adds to it.

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <functional>
#include <utility>

#include "jobs/cellseg/learn/unet.h"
#include "jobs/torch/data_parallel.h"

namespace {

using namespace xorch;
constexpr std::size_t turns = 9;
constexpr std::int64_t width = 12;

double milliseconds_of(const std::function<void()>& work) {
    const std::clock_t begin = std::clock();
    work();
    return 1e3 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

struct Network {
    Network() { torch::manual_seed(1); }

    torch::Tensor loss(const torch::Tensor& images, const torch::Tensor& targets) {
        return cellseg::segmentation_loss(unet->forward(images), targets);
    }

    cellseg::UNet unet{width};
};

void measure(std::int64_t batch, std::int64_t side) {
    Network plain;
    Network exact;
    const auto alone = make_single_rank();
    DataParallel shared(exact.unet->parameters(), *alone);
    const torch::Tensor images = torch::rand({batch, 3, side, side});
    const torch::Tensor targets = torch::rand({batch, 3, side, side});
    const auto item_loss = [&](Network& network, std::int64_t item) {
        return network.loss(images.narrow(0, item, 1).clone(), targets.narrow(0, item, 1));
    };
    const std::array<std::function<void()>, 3> ways{
        [&] {
            plain.unet->zero_grad();
            plain.loss(images, targets).backward();
        },
        [&] {
            plain.unet->zero_grad();
            for (std::int64_t item = 0; item < batch; ++item)
                item_loss(plain, item).backward();
        },
        [&] {
            const auto loss_of = [&](std::int64_t item) { return item_loss(exact, item); };
            XORCH_CHECK(shared.backward(batch, loss_of), "a step works");
        }};
    std::array<double, 3> least{1e9, 1e9, 1e9};
    for (std::size_t turn = 0; turn < turns; ++turn) {
        for (std::size_t way = 0; way < ways.size(); ++way)
            least[way] = std::min(least[way], milliseconds_of(ways[way]));
    }
    fmt::print("| {} | {} |", batch, side);
    for (const double each : least)
        fmt::print(" {:.0f} |", each);
    fmt::print(" {:.2f} |\n", least[2] / least[0]);
}

}  // namespace

int main() {
    at::set_num_threads(1);
    for (const auto& [batch, side] : {
             std::pair{4, 64 },
             {4, 96 },
             {8, 96 },
             {4, 256}
    })
        measure(batch, side);
}
