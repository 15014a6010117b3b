#pragma once

// The tables of the clinical layout, from their bytes: lists of ids, pairs, landmarks, the table of
// cases. Texts may be GB18030 (text_encoding.h). An id is made of digits, so that a first row
// without one is a header, which every table may lack. Messages name the line, without the path.

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "jobs/pix2pix/data/landmarks.h"

namespace xorch::pix2pix {

// By number, so that 9 comes before 10; names of other kinds by their bytes, behind numbers.
bool id_less(const std::string& left, const std::string& right);

// The first column, sorted; the same id twice is an error.
Result<std::vector<std::string>> parse_ids(std::string_view bytes);

struct PairRow {
    std::string id;
    std::string input;  // relative to the data's folder and within it
    std::string target;

    friend bool operator==(const PairRow&, const PairRow&) = default;
};

// id, input_path, target_path; sorted by id.
Result<std::vector<PairRow>> parse_pair_rows(std::string_view bytes);

// id, S_x, S_y, N_x, ..., Gn_y in pixels of the source image.
Result<LandmarkTable> parse_landmarks(std::string_view bytes);
std::string format_landmarks(const LandmarkTable& table);

}  // namespace xorch::pix2pix
