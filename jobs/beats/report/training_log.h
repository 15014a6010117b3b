#pragma once

// The log of a training: JSON lines, one event each (start, epoch_start, epoch, best, final). An
// attempt does not find what an earlier one wrote, so the text is part of the checkpoint: a resumed
// unit begins with what the checkpoint saw and thus with whole lines.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/disk.h"
#include "core/value.h"
#include "jobs/beats/balance/scores.h"

namespace xorch::beats {

inline constexpr const char* log_name = "training_log.jsonl";

class TrainingLog {
 public:
    explicit TrainingLog(Disk& disk) : disk_(disk) {}

    // Begins the file anew with that text.
    Result<void> open(const std::string& path, const std::string& text);

    // {"event": event, ...}.
    Result<void> append(const std::string& event, const Object& members);

    const std::string& text() const { return text_; }

 private:
    Disk& disk_;
    std::unique_ptr<AppendFile> file_;
    std::string text_;
};

struct LoggedEpoch {
    std::int64_t epoch = 0;
    Confusion val{};
    Confusion gen{};
};

// What another job reads of a log: every epoch, in order.
struct LoggedTraining {
    Object config;  // the parameters
    std::vector<LoggedEpoch> epochs;
};

// corrupted names the line: a log that is not whole, or whose scores are not those of its own
// confusion matrices.
Result<LoggedTraining> parse_training_log(const std::string& text);

}  // namespace xorch::beats
