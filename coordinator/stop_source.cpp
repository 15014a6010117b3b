#include "coordinator/stop_source.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

#include "core/io/signals.h"

namespace xorch {

Result<std::unique_ptr<SignalStop>> SignalStop::make() {
    auto signals = take_signals({SIGINT, SIGHUP, SIGTERM});
    if (!signals) return tl::unexpected(signals.error());
    return std::unique_ptr<SignalStop>(new SignalStop(std::move(*signals)));
}

int SignalStop::descriptor() const {
    return descriptor_.number();
}

unsigned SignalStop::take() {
    unsigned count = 0;
    signalfd_siginfo information{};
    while (read(descriptor_.number(), &information, sizeof information) == sizeof information) {
        last_signal_ = static_cast<int>(information.ssi_signo);
        ++count;
    }
    return count;
}

}  // namespace xorch
