#include "core/capacity.h"

#include <algorithm>
#include <limits>

namespace xorch {

std::uint32_t fitting(const Capacity& capacity, const Capacity& used, const Resources& each) {
    std::uint64_t count = std::numeric_limits<std::uint16_t>::max();
    const auto limit = [&](std::uint64_t has, std::uint64_t taken, std::uint64_t needs) {
        if (needs == 0) return;
        count = std::min(count, taken >= has ? 0 : (has - taken) / needs);
    };
    limit(capacity.cpus, used.cpus, each.cpus);
    limit(capacity.gpus, used.gpus, each.gpus);
    if (capacity.memory.value > 0) {
        limit(capacity.memory.value, used.memory.value, each.memory.value);
    }
    return static_cast<std::uint32_t>(count);
}

void occupy(Capacity& used, const Resources& each, std::uint32_t count) {
    used.cpus += each.cpus * count;
    used.gpus += each.gpus * count;
    used.memory.value += each.memory.value * count;
}

void vacate(Capacity& used, const Resources& each, std::uint32_t count) {
    used.cpus -= std::min(used.cpus, each.cpus * count);
    used.gpus -= std::min(used.gpus, each.gpus * count);
    used.memory.value -= std::min(used.memory.value, each.memory.value * count);
}

}  // namespace xorch
