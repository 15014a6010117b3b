#pragma once

// One made image: nuclei in DAPI, cells of one marker that look like that marker's, and nuclei of
// other cells that the marker bleeds into. Results on them say nothing about brains.

#include "jobs/files/grid.h"
#include "jobs/random/random_stream.h"

namespace xorch::cellseg {

enum class Marker { gfap, iba1, neun, olig2, pecam };

// How the cells of a marker look.
struct CellKind {
    Marker marker;
    const char* name;
    int cells;           // in an image of 96 x 96 pixels
    double radius_low;   // pixels
    double radius_high;  // pixels
    double flattening;   // short axis over long axis
};

const CellKind& kind_of(Marker marker);

struct SceneSettings {
    Marker marker = Marker::gfap;
    int side = 96;               // pixels
    int cells = 0;               // of the marker
    int other_nuclei = 0;        // of cells without it
    bool every_nucleus = false;  // label those, too
};

struct Scene {
    Plane dapi;
    Plane marker;
    Labels labels;  // 1..N
};

// Equal streams make equal scenes.
Scene draw_scene(const SceneSettings& settings, const RandomStream& random);

}  // namespace xorch::cellseg
