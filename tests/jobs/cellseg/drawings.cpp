#include "tests/jobs/cellseg/drawings.h"

#include "jobs/cellseg/flows/labels.h"

namespace xorch::cellseg {

namespace {

int between(std::mt19937& random, int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
}

void add_cell(Labels& labels, int label, std::mt19937& random) {
    const int centre_y = between(random, -2, labels.height + 1);
    const int centre_x = between(random, -2, labels.width + 1);
    const int radius_y = between(random, 1, 6);
    const int radius_x = between(random, 1, 6);
    const bool box = between(random, 0, 2) == 0;
    for (int y = 0; y < labels.height; ++y) {
        for (int x = 0; x < labels.width; ++x) {
            const double down = static_cast<double>(y - centre_y) / radius_y;
            const double along = static_cast<double>(x - centre_x) / radius_x;
            const bool inside = box ? std::abs(down) <= 1.0 && std::abs(along) <= 1.0
                                    : down * down + along * along <= 1.0;
            if (inside) labels.at(y, x) = label;
        }
    }
}

}  // namespace

Labels draw(std::initializer_list<std::string_view> rows) {
    Labels labels(static_cast<int>(rows.size()), static_cast<int>(rows.begin()->size()));
    int y = 0;
    for (const std::string_view row : rows) {
        for (int x = 0; x < labels.width; ++x) {
            const char mark = row[static_cast<std::size_t>(x)];
            labels.at(y, x) = mark == '.' ? 0 : mark - '0';
        }
        ++y;
    }
    return labels;
}

Labels random_labels(std::mt19937& random) {
    Labels labels(between(random, 2, 40), between(random, 2, 40));
    const int kind = between(random, 0, 9);
    if (kind == 0) return labels;
    int label = 0;
    if (kind == 1) {
        for (int& value : labels.values) {
            value = 1;
        }
        label = 1;
    }
    const int cells = kind == 2 ? 1 : between(random, 1, 12);
    for (int i = 0; i < cells; ++i) {
        add_cell(labels, ++label, random);
    }
    renumber(labels);
    return labels;
}

Labels disturbed(const Labels& labels, std::mt19937& random) {
    Labels result(labels.height, labels.width);
    const int shift_y = between(random, -2, 2);
    const int shift_x = between(random, -2, 2);
    const int lost = between(random, 0, 5);
    for (int y = 0; y < labels.height; ++y) {
        for (int x = 0; x < labels.width; ++x) {
            if (!labels.contains(y + shift_y, x + shift_x)) continue;
            const int label = labels.at(y + shift_y, x + shift_x);
            result.at(y, x) = label == lost ? 0 : label;
        }
    }
    const int invented = between(random, 0, 2);
    for (int i = 0; i < invented; ++i) {
        add_cell(result, max_label(result) + 1, random);
    }
    renumber(result);
    return result;
}

}  // namespace xorch::cellseg
