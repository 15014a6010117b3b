#include "core/io/signals.h"

#include <sys/signalfd.h>

#include <cerrno>
#include <csignal>

namespace xorch {

namespace {

sigset_t set_of(std::initializer_list<int> signals) {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : signals)
        sigaddset(&set, number);
    return set;
}

}  // namespace

Result<void> block_signals(std::initializer_list<int> signals) {
    const sigset_t set = set_of(signals);
    if (const int failed = pthread_sigmask(SIG_BLOCK, &set, nullptr); failed != 0) {
        return fail_from_errno("blocking signals", failed);
    }
    return {};
}

Result<Descriptor> take_signals(std::initializer_list<int> signals) {
    if (auto blocked = block_signals(signals); !blocked) return tl::unexpected(blocked.error());
    const sigset_t set = set_of(signals);
    Descriptor descriptor(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!descriptor.is_open()) return fail_from_errno("making a signal descriptor", errno);
    return descriptor;
}

}  // namespace xorch
