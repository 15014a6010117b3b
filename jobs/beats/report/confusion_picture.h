#pragma once

// Confusion matrices to look at.

#include <string>
#include <utility>
#include <vector>

#include "jobs/beats/balance/scores.h"
#include "jobs/files/picture.h"

namespace xorch::beats {

// Side by side, each under its title: true classes are rows, predicted ones columns, and the darker
// a field, the larger its part of its row.
Picture draw_confusions(const std::vector<std::pair<std::string, Confusion>>& confusions);

}  // namespace xorch::beats
