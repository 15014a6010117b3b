#include "jobs/pix2pix/trial_pack.h"

#include <fmt/core.h>

#include <algorithm>

namespace xorch::pix2pix {

namespace {

constexpr std::size_t groups = 3;

char group_of(const ScoredPair& prev, const ScoredPair& cur) {
    if (cur.has_failed) return 'A';
    if (cur.is_hard) return 'B';
    return prev.has_failed ? 'D' : 'C';
}

}  // namespace

std::vector<PackedPair> choose_pack(
    const PhaseEvaluation& prev, const PhaseEvaluation& cur, std::size_t each
) {
    std::vector<std::size_t> order;
    for (std::size_t pair = 0; pair < cur.pairs.size(); ++pair) {
        order.push_back(pair);
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
        return cur.pairs[left].proxy < cur.pairs[right].proxy;
    });
    std::vector<PackedPair> pack;
    const auto take = [&](char group, std::size_t most) {
        std::vector<std::size_t> members;
        std::copy_if(order.begin(), order.end(), std::back_inserter(members), [&](std::size_t i) {
            return group_of(prev.pairs[i], cur.pairs[i]) == group;
        });
        if (group == 'A') std::reverse(members.begin(), members.end());
        members.resize(std::min(members.size(), most));
        for (const std::size_t pair : members) {
            pack.push_back({.pair = pair, .group = group});
            order.erase(std::find(order.begin(), order.end(), pair));
        }
    };
    const std::size_t all = groups * each;
    take('A', each);
    take('B', each);
    for (const char group : {'C', 'D', 'B', 'A'}) {
        take(group, all - pack.size());
    }
    return pack;
}

std::string picture_of(const PackedPair& packed, std::size_t number, const std::string& id) {
    return fmt::format("{:02}_{}_{}.png", number, packed.group, id);
}

std::string format_manifest(
    const std::vector<PackedPair>& pack, const PhaseEvaluation& prev, const PhaseEvaluation& cur
) {
    std::string text =
        "number,id,group,l1,psnr,landmark6_proxy,prev_landmark6_proxy,failed_fixed,picture\n";
    for (std::size_t i = 0; i < pack.size(); ++i) {
        const ScoredPair& pair = cur.pairs[pack[i].pair];
        text += fmt::format(
            "{},{},{},{},{},{},{},{:d},{}\n",
            i + 1,
            pair.id,
            pack[i].group,
            pair.score.l1,
            pair.score.psnr,
            pair.proxy,
            prev.pairs[pack[i].pair].proxy,
            pair.has_failed,
            picture_of(pack[i], i + 1, pair.id)
        );
    }
    return text;
}

}  // namespace xorch::pix2pix
