#pragma once

// Where the wish to stop comes from: Ctrl-C, hang-up, TERM. A seam, so that tests can wish as well.
// Loop thread only.

#include <memory>
#include <utility>

#include "core/error.h"
#include "core/io/descriptor.h"

namespace xorch {

class StopSource {
 public:
    virtual ~StopSource() = default;

    // Readable when take() has something to say.
    virtual int descriptor() const = 0;

    // How often a stop was wished since the last call.
    virtual unsigned take() = 0;
};

// SIGINT, SIGHUP and SIGTERM. They are blocked from the moment on that this is made, so make it
// before any thread is started; each arrives once, however often it was sent before we looked.
class SignalStop final : public StopSource {
 public:
    static Result<std::unique_ptr<SignalStop>> make();

    int descriptor() const override;
    unsigned take() override;

    // The last one that arrived, for the exit code; 0 = none.
    int last_signal() const { return last_signal_; }

 private:
    explicit SignalStop(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

    Descriptor descriptor_;
    int last_signal_ = 0;
};

}  // namespace xorch
