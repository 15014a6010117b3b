#pragma once

// Text in pictures, in the one font that every OpenCV has.

#include <string>

#include "jobs/files/picture.h"

namespace xorch {

struct Lettering {
    Pixel centre;     // of the text
    int height = 12;  // of a capital letter, pixels
    Colour colour = {};
};

// ASCII only. What lies outside of the picture is left out.
void draw_text(Picture& picture, const std::string& text, const Lettering& how);

}  // namespace xorch
