#pragma once

// The assignment problem: each row gets a column of its own so that the sum of costs is least.

#include <vector>

#include "jobs/files/grid.h"

namespace xorch::cellseg {

// For each row of `cost` its column, or -1 for the rows that are left over when there are more rows
// than columns. Shortest augmenting paths with potentials (Kuhn 1955, Munkres 1957; in the form of
// Jonker and Volgenant 1987): O(n^2 m) for n <= m.
std::vector<int> assign_least_cost(const Grid<double>& cost);

}  // namespace xorch::cellseg
