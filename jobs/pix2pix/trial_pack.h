#pragma once

// The pairs that a person looks at after a phase: some that fail, some hard ones that pass, some
// that always pass. Pure.

#include <string>
#include <vector>

#include "jobs/pix2pix/phase_files.h"

namespace xorch::pix2pix {

struct PackedPair {
    std::size_t pair = 0;  // place in the validation split
    char group = 'A';      // A failing now, B hard and passing, C passing twice, D mended
};

// `each` of groups A and B and as many more, of C if it has them: failing ones by the worst
// landmark proxy, others by the best.
std::vector<PackedPair> choose_pack(
    const PhaseEvaluation& prev, const PhaseEvaluation& cur, std::size_t each
);

// number, id, group, l1, psnr, landmark6_proxy, prev_landmark6_proxy, failed_fixed, picture.
std::string format_manifest(
    const std::vector<PackedPair>& pack, const PhaseEvaluation& prev, const PhaseEvaluation& cur
);

std::string picture_of(const PackedPair& packed, std::size_t number, const std::string& id);

}  // namespace xorch::pix2pix
