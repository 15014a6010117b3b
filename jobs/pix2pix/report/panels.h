#pragma once

// X-rays side by side: of the phase before, of this one, and the true one. Pure.

#include <vector>

#include "jobs/files/grid.h"
#include "jobs/files/picture.h"
#include "jobs/pix2pix/scores/regions.h"

namespace xorch::pix2pix {

struct Triptych {
    Plane prev;
    Plane cur;
    Plane truth;
    Regions regions;
};

// `across` of them in a row.
Picture draw_triptychs(const std::vector<Triptych>& shown, std::size_t across);

// A row each: the three regions, enlarged.
Picture draw_zooms(const std::vector<Triptych>& shown);

// A row each: one region, enlarged.
Picture draw_region(const std::vector<Triptych>& shown, std::size_t region);

}  // namespace xorch::pix2pix
