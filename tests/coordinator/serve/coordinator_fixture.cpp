#include "tests/coordinator/serve/coordinator_fixture.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

#include "coordinator/serve/inbox.h"
#include "core/io/clock.h"

namespace xorch {

Bell::Bell() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void Bell::ring() {
    const std::uint64_t one = 1;
    EXPECT_EQ(write(event_.number(), &one, sizeof one), static_cast<ssize_t>(sizeof one));
}

unsigned Bell::take() {
    std::uint64_t count = 0;
    return read(event_.number(), &count, sizeof count) > 0 ? static_cast<unsigned>(count) : 0;
}

// ---- backend ----

void FakeBackend::take_over(Now, std::span<const AllocationState>) {}

void FakeBackend::carry_out(Now, const StartAllocation& order) {
    const std::scoped_lock lock(mutex_);
    events_.push_back({
        AllocationSubmitted{.allocation = order.allocation, .job = "1:1"}
    });
    events_.push_back({
        AllocationStarted{.allocation = order.allocation, .end_unix = Millis(0)}
    });
    bell_.ring();
    if (!any_started_) first_start_.set_value(order.allocation);
    any_started_ = true;
}

void FakeBackend::carry_out(Now, const EndAllocation& order) {
    end(order.allocation, "asked to");
}

void FakeBackend::end(AllocationId allocation, const std::string& reason) {
    const std::scoped_lock lock(mutex_);
    events_.push_back({
        AllocationEnded{.allocation = allocation, .reason = reason}
    });
    bell_.ring();
}

std::vector<AllocationEvent> FakeBackend::poll(Now) {
    const std::scoped_lock lock(mutex_);
    bell_.take();
    return std::exchange(events_, {});
}

// ---- disk ----

class FullDisk::File final : public AppendFile {
 public:
    File(std::unique_ptr<AppendFile> inner, const std::atomic<bool>& full)
        : inner_(std::move(inner)), full_(full) {}

    Result<void> append(std::string_view bytes) override {
        if (!full_) return inner_->append(bytes);
        // As a disk does: part of it still fits.
        if (auto part = inner_->append(bytes.substr(0, bytes.size() / 2)); !part) return part;
        return fail(ErrorCode::no_space, "no space left on device");
    }

    Result<void> sync() override { return inner_->sync(); }

 private:
    std::unique_ptr<AppendFile> inner_;
    const std::atomic<bool>& full_;
};

Result<std::unique_ptr<AppendFile>> FullDisk::create(const std::string& path) {
    auto file = inner_.create(path);
    if (!file) return file;
    return std::make_unique<File>(std::move(*file), full);
}

Result<std::unique_ptr<AppendFile>> FullDisk::open_append(const std::string& path) {
    auto file = inner_.open_append(path);
    if (!file) return file;
    return std::make_unique<File>(std::move(*file), full);
}

// ---- fixture ----

void CoordinatorFixture::SetUp() {
    for (const std::string& path :
         {layout_.journal(), layout_.inbox(), layout_.spool(), layout_.logs()}) {
        ASSERT_TRUE(disk_.make_directory(path));
    }
    const auto self = this_holder("");
    ASSERT_TRUE(self) << self.error().message;
    settings_ = {
        .layout = layout_,
        .sweep_hash = "hash",
        .self = *self,
        .log =
            [this](std::string_view line) {
                const std::scoped_lock lock(mutex_);
                log_.emplace_back(line);
            },
        .status_every = Millis(20),
        .disk_retry_every = Millis(20),
        .farewell = Millis(2'000),
    };
}

void CoordinatorFixture::TearDown() {
    if (!running_.valid()) return;
    // A test that failed half way must not hang: twice = at once.
    disk_.full = false;
    stop_.wish();
    stop_.wish();
    running_.wait();
}

Sweep CoordinatorFixture::make_sweep(int units) {
    Stage stage;
    stage.name = "train";
    stage.argv = {"train", "{i}"};
    stage.canary = false;
    Axis axis{.name = "i"};
    for (int i = 0; i < units; ++i)
        axis.values.emplace_back(i);
    stage.axes.push_back(axis);
    Sweep sweep;
    sweep.name = "test";
    sweep.stages = {stage};
    sweep.tuning.commit_wait = Millis(1);
    sweep.tuning.alive_every = Millis(20);
    sweep.tuning.inbox_every = Millis(20);
    return sweep;
}

void CoordinatorFixture::start(Sweep sweep) {
    sweep_ = std::move(sweep);
    outcome_.reset();
    running_ = std::async(std::launch::async, [this] {
        return run_coordinator(settings_, sweep_, backend_, disk_, stop_);
    });
}

const Result<ReignOutcome>& CoordinatorFixture::outcome() {
    if (!outcome_) outcome_ = running_.get();
    return *outcome_;
}

FakeAgent CoordinatorFixture::agent(std::uint64_t incarnation) {
    EXPECT_EQ(backend_.started.wait_for(patience), std::future_status::ready);
    FakeAgent made(layout_, IncarnationId{incarnation}, backend_.started.get());
    EXPECT_TRUE(made.join());
    return made;
}

AskSettings CoordinatorFixture::ask_settings() const {
    return {.layout = layout_, .self = settings_.self};
}

ClaimSettings CoordinatorFixture::claim_settings() const {
    return {
        .layout = layout_,
        .sweep_hash = settings_.sweep_hash,
        .self = settings_.self,
        .holder_silent = Millis(20'000),
        .clock = real_clock(),
    };
}

ClientRequest CoordinatorFixture::request(const std::string& verb, const std::string& arguments)
    const {
    return {.id = make_request_id(), .verb = verb, .arguments = arguments};
}

ReadState CoordinatorFixture::read() const {
    PosixDisk disk;
    auto read = read_state(disk, layout_, sweep_);
    XORCH_CHECK(read.has_value(), read.error().message);
    return std::move(*read);
}

std::uint32_t CoordinatorFixture::units_in(UnitPhase phase) const {
    return read().state.stage(StageIndex{0}).in(phase);
}

bool CoordinatorFixture::was_logged(const std::string& part) {
    const std::scoped_lock lock(mutex_);
    return std::any_of(log_.begin(), log_.end(), [&](const std::string& line) {
        return line.find(part) != std::string::npos;
    });
}

}  // namespace xorch
