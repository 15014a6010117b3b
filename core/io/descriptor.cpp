#include "core/io/descriptor.h"

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

}  // namespace xorch
