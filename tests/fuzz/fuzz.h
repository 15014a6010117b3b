#pragma once

// A reader under fire: each program of this folder defines these three functions for one reader,
// and drive.cpp calls them with whole and damaged inputs. What the reader must hold for any bytes,
// the target aborts over where it does not; sanitizers and limits of time and memory see the rest.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace xorch::fuzz {

// Inputs that the reader accepts, to begin with.
std::vector<std::string> corpus();

// How many damaged inputs to try.
std::size_t rounds();

// Whether the reader accepted it, as it must accept the corpus.
bool try_input(std::string_view bytes);

}  // namespace xorch::fuzz
