#include "coordinator/stop_source.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace xorch {
namespace {

sigset_t stop_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGTERM);
    return signals;
}

}  // namespace

Result<std::unique_ptr<SignalStop>> SignalStop::make() {
    const sigset_t signals = stop_signals();
    if (const int failed = pthread_sigmask(SIG_BLOCK, &signals, nullptr); failed != 0) {
        return fail_from_errno("blocking signals", failed);
    }
    const int descriptor = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (descriptor < 0) return fail_from_errno("watching signals", errno);
    return std::unique_ptr<SignalStop>(new SignalStop(descriptor));
}

SignalStop::~SignalStop() {
    close(descriptor_);
}

int SignalStop::descriptor() const {
    return descriptor_;
}

unsigned SignalStop::take() {
    unsigned count = 0;
    signalfd_siginfo information{};
    while (read(descriptor_, &information, sizeof information) == sizeof information) {
        last_signal_ = static_cast<int>(information.ssi_signo);
        ++count;
    }
    return count;
}

}  // namespace xorch
