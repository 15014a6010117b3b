#pragma once

// What is kept of one attempt's output: the head, as long as the budget and the disk allow, and the
// tail. Memory stays below about 6 MiB whatever the unit writes: a disk that does not keep up
// closes the head early. Loop thread only; the bytes reach the disk through OutputStore on a
// thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/sweep.h"

namespace xorch {

// The rest of an ended attempt's output: `pending` follows what was handed out before.
struct OutputRest {
    std::string pending;
    std::uint64_t left_out = 0;  // bytes between head and tail
    std::string tail;
};

class OutputCapture {
 public:
    explicit OutputCapture(Bytes budget);

    void add(std::string_view bytes);

    // Bytes of the head that wait to be written.
    std::size_t pending() const { return pending_.size(); }

    // Hands them out; on_written tells when they are on disk.
    std::string take_pending();

    void on_written(std::size_t bytes) { in_flight_ -= bytes; }

    OutputRest finish();

    std::uint64_t total() const { return total_; }

    bool is_empty() const { return total_ == 0; }

    // The last few kilobytes, for the message of a failure.
    std::string_view recent() const { return recent_; }

 private:
    std::uint64_t head_left_;
    std::size_t tail_max_;
    std::size_t in_flight_ = 0;
    std::uint64_t total_ = 0;
    std::uint64_t left_out_ = 0;
    std::string pending_;
    std::string tail_;
    std::string recent_;
};

}  // namespace xorch
