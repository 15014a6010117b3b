#include "core/io/descriptor.h"

#include <sys/resource.h>
#include <unistd.h>

#include <utility>

namespace xorch {

Descriptor::~Descriptor() {
    if (number_ >= 0) {
        close(number_);
    }
}

Descriptor::Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    if (this != &other) {
        if (number_ >= 0) {
            close(number_);
        }
        number_ = std::exchange(other.number_, -1);
    }
    return *this;
}

std::uint64_t raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    const rlim_t before = limit.rlim_cur;
    set_descriptor_limit(limit.rlim_max);
    return before;
}

void set_descriptor_limit(std::uint64_t limit) {
    rlimit wanted{};
    if (getrlimit(RLIMIT_NOFILE, &wanted) != 0) return;
    wanted.rlim_cur = limit;
    setrlimit(RLIMIT_NOFILE, &wanted);
}

}  // namespace xorch
