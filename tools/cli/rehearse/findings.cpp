#include "tools/cli/rehearse/findings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "core/record.h"

namespace xorch {

namespace {

using Findings = std::vector<RehearsalFinding>;

double seconds(Millis duration) {
    return static_cast<double>(duration.count()) / 1000.0;
}

bool is_done(const AttemptSeen& seen) {
    return seen.end.cause == Cause::none;
}

// Columns that measure the run itself differ between two honest runs.
bool is_timing(std::string_view column) {
    for (const std::string_view mark : {"time", "seconds", "duration", "elapsed", "wall"}) {
        if (column.find(mark) != std::string_view::npos) return true;
    }
    return column.ends_with("_s") || column.ends_with("_ms");
}

// The first difference between two sets of rows that no clock explains; empty = none.
std::string difference(const AttemptSeen& left, const AttemptSeen& right) {
    const auto a = parse_rows(left.end.rows);
    const auto b = parse_rows(right.end.rows);
    if (!a || !b) return "";
    if (a->size() != b->size()) return fmt::format("{} rows and {} rows", a->size(), b->size());
    for (std::size_t row = 0; row < a->size(); ++row) {
        for (const auto& [column, value] : (*a)[row]) {
            const Value* other = find_member((*b)[row], column);
            if (is_timing(column) || (other != nullptr && *other == value)) continue;
            const std::string text = other == nullptr ? "nothing" : format_plain(*other);
            return fmt::format("{} = {} and {}", column, format_plain(value), text);
        }
    }
    return "";
}

void judge_end(const RehearsalSeen& seen, Findings& findings) {
    const AttemptEnd& end = seen.whole.end;
    if (end.cause == Cause::records) {
        findings.push_back({
            .mistake = Mistake::missing_record,
            .what = fmt::format(
                "the program ended well but without its declared records: {}", end.message
            ),
            .remedy = "write every column of records.required (xorch.report(...) or records.from), "
                      "or drop it there",
        });
        return;
    }
    const bool lost_file = end.tail.find("No such file") != std::string::npos;
    findings.push_back({
        .mistake = Mistake::fails,
        .what = fmt::format(
            "the unit fails ({}): {}\n{}", cause_name(end.cause), end.message, end.tail
        ),
        .remedy = lost_file ? "units run in the sweep file's folder: name files from there, or by "
                              "{code} and {out}"
                            : "run the command of `xorch plan` by hand, mend it, rehearse again",
    });
}

void judge_rows(const RehearsalSeen& seen, Findings& findings) {
    const auto rows = parse_rows(seen.whole.end.rows);
    if (rows) {
        for (const Object& row : *rows) {
            for (const auto& [column, value] : row) {
                const auto* number = value.get_if<double>();
                if (number == nullptr || std::isfinite(*number)) continue;
                findings.push_back({
                    .mistake = Mistake::nan_record,
                    .what = fmt::format("the record has {} = {}", column, format_plain(value)),
                    .remedy = "such a value is kept but never wins a selection; find out where it "
                              "comes from",
                });
                return;
            }
        }
    }
    if (!seen.again || !is_done(*seen.again)) return;
    const std::string differs = difference(seen.whole, *seen.again);
    if (differs.empty()) return;
    findings.push_back({
        .mistake = Mistake::not_reproducible,
        .what = fmt::format("two runs with the same parameters and seed gave {}", differs),
        .remedy = "seed every random generator from {seed} or $XORCH_SEED, and fix the order of "
                  "files and sets",
    });
}

void judge_resume(const RehearsalSeen& seen, Findings& findings) {
    const bool killed_was_resumed = seen.killed && seen.killed->given_resume;
    const auto& first_resumed = killed_was_resumed ? seen.killed : seen.resumed;
    if (first_resumed && first_resumed->given_resume && !first_resumed->opened_resume) {
        findings.push_back({
            .mistake = Mistake::ignores_checkpoint,
            .what = "it was given a checkpoint to go on from and opened no file of it: every "
                    "resume starts over",
            .remedy = "load {resume} or $XORCH_RESUME when it is set; argv_resume can add the "
                      "option for it",
        });
        return;
    }
    if (!seen.resumed) return;
    if (!is_done(*seen.resumed)) {
        findings.push_back({
            .mistake = Mistake::resumes_differently,
            .what = fmt::format(
                "it ends well when it is left alone, but fails after a resume ({}): {}\n{}",
                cause_name(seen.resumed->end.cause),
                seen.resumed->end.message,
                seen.resumed->end.tail
            ),
            .remedy = "a checkpoint must hold all that the rest of the run needs",
        });
        return;
    }
    const std::string differs = difference(seen.whole, *seen.resumed);
    const bool seeded = !seen.again || difference(seen.whole, *seen.again).empty();
    if (differs.empty() || !seeded) return;
    findings.push_back({
        .mistake = Mistake::resumes_differently,
        .what = fmt::format("uninterrupted and resumed it gave {}", differs),
        .remedy = "store the random generators, the optimiser and the position in the data with "
                  "the weights",
    });
}

void judge_stop(const Stage& stage, const RehearsalSeen& seen, Findings& findings) {
    if (!seen.stopped || seen.stopped->ended_by_itself || !seen.stopped->stop_after_start) return;
    const AttemptSeen& stopped = *seen.stopped;
    if (stopped.was_writing_at_term) {
        findings.push_back({
            .mistake = Mistake::saves_too_slowly,
            .what = fmt::format(
                "asked to stop it began to save, but was not done after {:.1f} s and was ended",
                seconds(stage.limits.grace)
            ),
            .remedy =
                "raise limits.grace above the time a checkpoint takes, or make checkpoints smaller",
        });
        return;
    }
    findings.push_back({
        .mistake = Mistake::ignores_stop,
        .serious = stage.checkpoints.from.empty(),
        .what = fmt::format(
            "it never looked at the stop file and was ended by signal after {:.1f} s",
            seconds(stage.limits.grace)
        ),
        .remedy = "save and exit with code 75 once xorch.should_stop() is true or $XORCH_STOP_FILE "
                  "exists; otherwise "
                  "each time limit repeats the work since the last checkpoint",
    });
}

void judge_checkpoints(const RehearsalSeen& seen, Findings& findings) {
    std::vector<std::string> in_place = seen.whole.written_in_place;
    if (seen.stopped) {
        const auto& more = seen.stopped->written_in_place;
        in_place.insert(in_place.end(), more.begin(), more.end());
    }
    if (!in_place.empty()) {
        findings.push_back({
            .mistake = Mistake::checkpoint_in_place,
            .what = fmt::format(
                "the checkpoint {} was visible while it was still being written", in_place.front()
            ),
            .remedy = "write it under a name that ends in .tmp and rename it when it is complete",
        });
    }
    if (seen.whole.checkpoints.empty() && is_done(seen.whole)) {
        findings.push_back({
            .mistake = Mistake::no_checkpoint,
            .serious = false,
            .what = fmt::format(
                "it made no checkpoint in {:.1f} s: a unit cut by a time limit starts over",
                seconds(seen.whole.end.ran)
            ),
            .remedy = "fine for short units; for long ones publish checkpoints (xorch.checkpoint, "
                      "checkpoints.from)",
        });
    }
}

void judge_traces(const RehearsalSeen& seen, Findings& findings) {
    if (!seen.whole.left_behind.empty()) {
        findings.push_back({
            .mistake = Mistake::leaves_processes,
            .what = fmt::format(
                "processes were still running when it ended: {}",
                fmt::join(seen.whole.left_behind, ", ")
            ),
            .remedy = "xorch ends them; wait for children (or daemons of a logger) before exiting, "
                      "lest their work be lost",
        });
    }
    if (!seen.changed_outside.empty()) {
        const std::size_t shown = std::min<std::size_t>(3, seen.changed_outside.size());
        const auto last = seen.changed_outside.begin() + static_cast<std::ptrdiff_t>(shown);
        findings.push_back({
            .mistake = Mistake::writes_outside,
            .what = fmt::format(
                "it wrote {} file(s) outside its own directory: {}",
                seen.changed_outside.size(),
                fmt::join(seen.changed_outside.begin(), last, ", ")
            ),
            .remedy = "units that run at the same time overwrite each other there: write below "
                      "{out} or $XORCH_OUT",
        });
    }
}

}  // namespace

std::string_view mistake_name(Mistake mistake) {
    switch (mistake) {
        case Mistake::fails:
            return "fails";
        case Mistake::missing_record:
            return "missing_record";
        case Mistake::nan_record:
            return "nan_record";
        case Mistake::not_reproducible:
            return "not_reproducible";
        case Mistake::no_checkpoint:
            return "no_checkpoint";
        case Mistake::ignores_checkpoint:
            return "ignores_checkpoint";
        case Mistake::resumes_differently:
            return "resumes_differently";
        case Mistake::checkpoint_in_place:
            return "checkpoint_in_place";
        case Mistake::ignores_stop:
            return "ignores_stop";
        case Mistake::saves_too_slowly:
            return "saves_too_slowly";
        case Mistake::leaves_processes:
            return "leaves_processes";
        case Mistake::writes_outside:
            return "writes_outside";
    }
    return "?";
}

std::vector<RehearsalFinding> judge(const Stage& stage, const RehearsalSeen& seen) {
    Findings findings;
    if (is_done(seen.whole)) {
        judge_rows(seen, findings);
        judge_resume(seen, findings);
    } else {
        judge_end(seen, findings);
    }
    judge_stop(stage, seen, findings);
    judge_checkpoints(seen, findings);
    judge_traces(seen, findings);
    std::stable_sort(
        findings.begin(),
        findings.end(),
        [](const RehearsalFinding& a, const RehearsalFinding& b) { return a.serious && !b.serious; }
    );
    return findings;
}

}  // namespace xorch
