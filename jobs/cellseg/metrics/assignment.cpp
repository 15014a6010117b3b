#include "jobs/cellseg/metrics/assignment.h"

#include <limits>

namespace xorch::cellseg {

namespace {

constexpr int nobody = -1;

// Columns have a place 0 in front that stands for "the row that is looking for a column".
class Assignment {
 public:
    explicit Assignment(const Grid<double>& cost)
        : cost_(cost),
          row_potential_(static_cast<std::size_t>(cost.height)),
          column_potential_(columns()),
          row_of_(columns(), nobody) {}

    void add_row(int row) {
        row_of_[0] = row;
        distance_.assign(columns(), std::numeric_limits<double>::infinity());
        came_from_.assign(columns(), 0);
        visited_.assign(columns(), false);
        std::size_t column = 0;
        while (row_of_[column] != nobody) {
            visited_[column] = true;
            relax_from(column);
            column = settle_nearest();
        }
        while (column != 0) {
            row_of_[column] = row_of_[came_from_[column]];
            column = came_from_[column];
        }
    }

    std::vector<int> columns_of_rows() const {
        std::vector<int> result(static_cast<std::size_t>(cost_.height), nobody);
        for (std::size_t column = 1; column < row_of_.size(); ++column) {
            if (row_of_[column] != nobody) {
                result[static_cast<std::size_t>(row_of_[column])] = static_cast<int>(column) - 1;
            }
        }
        return result;
    }

 private:
    std::size_t columns() const { return static_cast<std::size_t>(cost_.width) + 1; }

    void relax_from(std::size_t from) {
        const int row = row_of_[from];
        for (std::size_t column = 1; column < columns(); ++column) {
            if (visited_[column]) continue;
            const double reduced = cost_.at(row, static_cast<int>(column) - 1) -
                                   row_potential_[static_cast<std::size_t>(row)] -
                                   column_potential_[column];
            if (reduced < distance_[column]) {
                distance_[column] = reduced;
                came_from_[column] = from;
            }
        }
    }

    // The nearest column not visited yet; shifts the potentials so that its distance becomes 0.
    std::size_t settle_nearest() {
        std::size_t nearest = 0;
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t column = 1; column < columns(); ++column) {
            if (!visited_[column] && distance_[column] < least) {
                least = distance_[column];
                nearest = column;
            }
        }
        for (std::size_t column = 0; column < columns(); ++column) {
            if (visited_[column]) {
                row_potential_[static_cast<std::size_t>(row_of_[column])] += least;
                column_potential_[column] -= least;
            } else {
                distance_[column] -= least;
            }
        }
        return nearest;
    }

    const Grid<double>& cost_;
    std::vector<double> row_potential_;
    std::vector<double> column_potential_;
    std::vector<int> row_of_;
    std::vector<double> distance_;
    std::vector<std::size_t> came_from_;
    std::vector<bool> visited_;
};

Grid<double> transposed(const Grid<double>& cost) {
    Grid<double> turned(cost.width, cost.height);
    for (int y = 0; y < cost.height; ++y) {
        for (int x = 0; x < cost.width; ++x) {
            turned.at(x, y) = cost.at(y, x);
        }
    }
    return turned;
}

}  // namespace

std::vector<int> assign_least_cost(const Grid<double>& cost) {
    if (cost.height > cost.width) {
        std::vector<int> result(static_cast<std::size_t>(cost.height), nobody);
        const std::vector<int> rows = assign_least_cost(transposed(cost));
        for (std::size_t column = 0; column < rows.size(); ++column) {
            result[static_cast<std::size_t>(rows[column])] = static_cast<int>(column);
        }
        return result;
    }
    Assignment assignment(cost);
    for (int row = 0; row < cost.height; ++row) {
        assignment.add_row(row);
    }
    return assignment.columns_of_rows();
}

}  // namespace xorch::cellseg
