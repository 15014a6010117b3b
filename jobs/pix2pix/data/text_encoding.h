#pragma once

// Tables that clinics export are in GB18030, the encoding that every Chinese system has; those that
// somebody saved again are in UTF-8, with or without a byte order mark. The bytes decide. Any
// thread.

#include <string>
#include <string_view>

#include "core/error.h"

namespace xorch::pix2pix {

// What is not UTF-8 is read as GB18030; the error says at which byte it is neither.
Result<std::string> to_utf8(std::string_view bytes);

// Of valid UTF-8, which GB18030 always has signs for.
Result<std::string> to_gb18030(std::string_view text);

}  // namespace xorch::pix2pix
