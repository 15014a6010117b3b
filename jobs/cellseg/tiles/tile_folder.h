#pragma once

// A folder of tiles as a scanner's export leaves it, at any depth: pairs of TIFF files, DAPI and
// marker, whose names tell channel and place:
//
//   .../gfap/10100001/S1_b0c0x64-128y0.tif        with  S1_b0c1x64-128y0.tif
//   .../neun/10100001/S1_dapi-b0c0x64-128y0.tif   with  S1_NeuN-b0c1x64-128y0.tif
//
// The marker is the part of the path that is a marker's name, the donor the part of 6 to 12 digits.
// What does not pair up is counted per marker and never left out in silence: a pattern that knows
// one form only once lost a whole marker.

#include <map>
#include <string>
#include <vector>

#include "core/error.h"

namespace xorch::cellseg {

struct TileFile {
    std::string key;  // path within the folder, without channel and ending
    std::string marker;
    std::string donor;
    std::string c0;  // path within the folder
    std::string c1;
};

struct TileFolder {
    std::vector<TileFile> tiles;           // by key
    std::map<std::string, int> unmatched;  // files of half a pair, by marker; "" = of no marker
};

// From paths of all files within the folder, in any order. Files that are no TIFF, such as .xml
// beside it, are nothing.
TileFolder pair_tiles(const std::vector<std::string>& paths);

Result<TileFolder> list_tiles(const std::string& folder);

// The markers of the cohort.
const std::vector<std::string>& tile_markers();

// Ids come as numbers, too: "10100001.0" and "010100001" are 10100001.
std::string plain_donor(std::string donor);

}  // namespace xorch::cellseg
