#include "tests/worker/attempt/harness.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "core/hash.h"
#include "core/io/clock.h"
#include "core/io/posix_disk.h"
#include "core/output_pack.h"
#include "worker/os/process_tree.h"

namespace xorch {

namespace {

// Far more turns than any test needs, so that a hang fails instead of blocking: those in which
// there was something to do, and those that waited in vain, each at most this long.
constexpr int turns_max = 1'000'000;
constexpr int idle_turns_max = 3000;
constexpr Millis turn_time_max{10};

}  // namespace

AttemptHarness::AttemptHarness() {
    sweep_.name = "test";
    sweep_.directory = work_.path();
    sweep_.stages.emplace_back();
    stage().name = "train";
    settings_ = {
        .layout = {.root = root_.path()},
        .incarnation = {0x5eed},
        .scratch = scratch_.path() + "/agent",
        .capacity = {.cpus = 1}};
    EXPECT_TRUE(PosixDisk().make_directory(layout().units()));
}

void AttemptHarness::python(const std::string& program) {
    stage().argv = {"/usr/bin/python3", "-c", program};
    for (std::string& word : stage().argv) {
        // Python's braces are not placeholders.
        std::string escaped;
        for (const char byte : word)
            escaped += byte == '{' ? "{{" : byte == '}' ? "}}" : std::string(1, byte);
        word = escaped;
    }
}

void AttemptHarness::shell(const std::string& program) {
    stage().argv = {"/bin/sh", "-c", program};
}

Assignment AttemptHarness::assignment(std::uint32_t index, std::uint32_t attempt) {
    return {
        .unit = {.stage = {0}, .index = index},
        .attempt = {attempt           },
        .id = hash_unit(std::to_string(index)),
        .params = "{}",
        .seed = 42
    };
}

void AttemptHarness::start(Assignment assignment) {
    order(StartAttempt{.assignment = std::move(assignment)});
}

void AttemptHarness::start(std::uint32_t index, const std::string& params) {
    Assignment unit = assignment(index);
    unit.params = params;
    start(std::move(unit));
}

void AttemptHarness::order(const AttemptOrder& order) {
    runner().carry_out(now(), order);
}

AttemptRunner& AttemptHarness::runner() {
    if (!runner_) {
        auto started = AttemptRunner::start(sweep_, settings_);
        EXPECT_TRUE(started) << started.error().message;
        runner_.emplace(std::move(*started));
    }
    return *runner_;
}

Now AttemptHarness::now() const {
    Now clocks = read_clocks();
    clocks.boot += ahead_;
    return clocks;
}

bool AttemptHarness::turn() {
    const Millis wait = std::clamp(runner().next_poll() - now().boot, Millis(0), turn_time_max);
    pollfd ready{runner().descriptor(), POLLIN, 0};
    const bool woken = ::poll(&ready, 1, static_cast<int>(wait.count())) > 0;
    for (AttemptNews& news : runner().poll(now()))
        news_.push_back(std::move(news));
    return woken;
}

void AttemptHarness::turn_until(const std::function<bool()>& condition) {
    int idle = 0;
    for (int i = 0; i < turns_max && idle < idle_turns_max; ++i) {
        if (condition()) return;
        if (!turn()) ++idle;
    }
    ADD_FAILURE() << "it did not happen within " << idle << " idle turns";
}

void AttemptHarness::tick(int count) {
    for (int i = 0; i < count; ++i) {
        move_ahead(Millis(1001));
        turn();
    }
}

AttemptEnd AttemptHarness::wait_for_end(std::uint32_t index, std::uint32_t attempt) {
    std::optional<AttemptEnd> end;
    turn_until([&] {
        for (const AttemptNews& news : news_) {
            const auto* over = std::get_if<AttemptOver>(&news);
            if (over != nullptr && over->unit.index == index && over->attempt.value == attempt) {
                end = over->end;
            }
        }
        return end.has_value();
    });
    return end.value_or(AttemptEnd{});
}

AttemptRunning AttemptHarness::wait_for_start(std::uint32_t index) {
    std::optional<AttemptRunning> found;
    turn_until([&] {
        for (const AttemptNews& news : news_) {
            const auto* running = std::get_if<AttemptRunning>(&news);
            if (running != nullptr && running->unit.index == index) found = *running;
        }
        return found.has_value();
    });
    return found.value_or(AttemptRunning{});
}

CheckpointSealed AttemptHarness::wait_for_checkpoint(std::uint32_t index) {
    std::optional<CheckpointSealed> found;
    turn_until([&] {
        for (auto news = news_.begin(); news != news_.end(); ++news) {
            const auto* sealed = std::get_if<AttemptSealed>(&*news);
            if (sealed == nullptr || sealed->sealed.unit.index != index) continue;
            found = sealed->sealed;
            news_.erase(news);
            return true;
        }
        return false;
    });
    return found.value_or(CheckpointSealed{});
}

AttemptEnd AttemptHarness::run(const std::string& params) {
    start(0, params);
    return wait_for_end(0);
}

AttemptEnd AttemptHarness::resume(std::uint32_t attempt) {
    start(assignment(0, attempt));
    return wait_for_end(0, attempt);
}

bool AttemptHarness::wait_for_file(const std::string& path) {
    // A shell makes the file a moment before it writes.
    turn_until([&] { return !read_text(path).empty(); });
    return !read_text(path).empty();
}

std::string AttemptHarness::output_of(const AttemptEnd& end) {
    PosixDisk disk;
    const auto bytes = read_output(disk, layout(), end.output, Bytes{UINT64_MAX});
    EXPECT_TRUE(bytes) << bytes.error().message;
    return bytes ? *bytes : "";
}

std::string read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
}

void write_text(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

bool process_is_gone(int pid) {
    const auto process = look_at(pid);
    return !process || process->state == 'Z';
}

}  // namespace xorch
