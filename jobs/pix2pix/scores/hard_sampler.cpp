#include "jobs/pix2pix/scores/hard_sampler.h"

#include <algorithm>

#include "jobs/pix2pix/data/id_tables.h"

namespace xorch::pix2pix {

std::vector<double> sampling_shares(const Ids& ids, const Ids& hard, double weight) {
    std::vector<double> shares;
    double sum = 0;
    for (const std::string& id : ids) {
        shares.push_back(std::binary_search(hard.begin(), hard.end(), id, id_less) ? weight : 1.0);
        sum += shares.back();
    }
    for (double& share : shares) {
        share /= sum;
    }
    return shares;
}

std::vector<std::size_t> draw_epoch(
    std::uint64_t seed, std::int64_t epoch, const std::vector<double>& shares
) {
    std::vector<std::size_t> drawn;
    for (std::size_t place = 0; place < shares.size(); ++place) {
        RandomStream random(seed, "pix2pix.sampler", {epoch, static_cast<std::int64_t>(place)});
        drawn.push_back(random.weighted(shares));
    }
    return drawn;
}

}  // namespace xorch::pix2pix
