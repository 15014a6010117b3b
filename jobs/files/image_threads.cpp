#include "jobs/files/image_threads.h"

#include <opencv2/core/utility.hpp>

namespace xorch {

void set_image_threads(std::uint32_t threads) {
    cv::setNumThreads(static_cast<int>(threads));
}

}  // namespace xorch
