#pragma once

// What may wait for a disk without the loop waiting for it: one thread behind a queue. The work of
// an errand runs there, in order; what it returns, its report, runs on the loop thread in
// collect(). Work owns or copies all that it touches. Everything here is for the loop thread.

#include <functional>
#include <memory>

#include "core/error.h"

namespace xorch {

class Errands {
 public:
    using Report = std::function<void()>;  // may be empty
    using Work = std::function<Report()>;

    static Result<Errands> start();

    // Does all that is queued, drops the reports.
    ~Errands();
    Errands(Errands&&) noexcept;
    Errands& operator=(Errands&&) noexcept;

    void send(Work work);

    // Readable when a report waits.
    int descriptor() const;

    // Runs the reports that wait. A report may send further errands.
    void collect();

    // Waits until every errand is done, running reports, also of errands that reports sent.
    void finish();

 private:
    struct Content;
    explicit Errands(std::unique_ptr<Content> content);
    std::unique_ptr<Content> content_;
};

}  // namespace xorch
