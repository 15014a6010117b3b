#include "slurm/slurm_backend.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "core/hash.h"
#include "slurm/backend/content.h"

namespace xorch {

namespace {

constexpr Millis never{std::numeric_limits<std::int64_t>::max()};

}  // namespace

SlurmBackend::SlurmBackend(std::unique_ptr<Content> content) : content_(std::move(content)) {}

SlurmBackend::~SlurmBackend() {
    // What it still says is for nobody.
    content_->errands.reset();
}

Result<std::unique_ptr<SlurmBackend>> SlurmBackend::make(SlurmBackendSettings settings) {
    auto content = std::make_unique<Content>();
    content->settings = std::move(settings);
    content->patience = content->settings.poll_every;
    auto errands = Errands::start();
    if (!errands) return tl::unexpected(errands.error());
    content->errands.emplace(std::move(*errands));
    return std::unique_ptr<SlurmBackend>(new SlurmBackend(std::move(content)));
}

void SlurmBackend::take_over(Now now, std::span<const AllocationState> left) {
    Content& self = *content_;
    self.now = now;
    self.events.clear();
    for (const AllocationState& state : left) {
        if (state.ended) continue;
        if (const auto known = self.jobs.find(state.allocation); known != self.jobs.end()) {
            known->second.told = false;
            continue;
        }
        Content::Job job;
        job.told = false;
        job.order = {.allocation = state.allocation, .token = state.token};
        if (const auto id = parse_job_id(state.job); state.submitted && id) {
            job.id = *id;
            job.phase = Content::JobPhase::submitted;
        }
        self.jobs.emplace(state.allocation, std::move(job));
    }
}

void SlurmBackend::carry_out(Now now, const StartAllocation& order) {
    Content& self = *content_;
    self.now = now;
    const auto known = self.jobs.find(order.allocation);
    if (known != self.jobs.end()) {
        // An intent of an earlier epoch: the queue is asked first. Now we know what to submit if it
        // is not there.
        Content::Job& job = known->second;
        job.order = order;
        job.ordered = true;
        if (job.id.value != 0) {
            // It was said to an epoch of this process that could not write it down.
            self.report(AllocationSubmitted{
                .allocation = order.allocation, .job = std::to_string(job.id.value)});
        }
        return;
    }
    self.jobs.emplace(order.allocation, Content::Job{.order = order, .ordered = true});
    self.submit(order.allocation);
}

void SlurmBackend::carry_out(Now now, const EndAllocation& order) {
    Content& self = *content_;
    self.now = now;
    const auto found = self.jobs.find(order.allocation);
    if (found == self.jobs.end()) return;
    Content::Job& job = found->second;
    if (job.unwanted || job.phase == Content::JobPhase::leaving) return;
    if (order.started) {
        job.phase = Content::JobPhase::leaving;
        job.over_boot = now.boot + self.settings.agents_leave;
        return;
    }
    job.unwanted = true;
    if (job.phase == Content::JobPhase::submitted) self.cancel(order.allocation);
}

std::vector<AllocationEvent> SlurmBackend::poll(Now now) {
    Content& self = *content_;
    self.now = now;
    self.errands->collect();
    self.end_those_that_left();
    if (!self.asking && !self.jobs.empty() && now.boot >= self.next_question) self.ask_queue();
    return std::exchange(self.events, {});
}

int SlurmBackend::descriptor() const {
    return content_->errands->descriptor();
}

Millis SlurmBackend::next_poll() const {
    const Content& self = *content_;
    if (!self.events.empty()) return Millis{0};
    Millis next = self.asking || self.jobs.empty() ? never : self.next_question;
    for (const auto& [allocation, job] : self.jobs)
        next = std::min(next, job.over_boot);
    return next;
}

std::string slurm_job_name(std::string_view sweep_directory, std::string_view token) {
    constexpr std::size_t digits = 10;
    return fmt::format("xorch-{}-{}", hash_text(sweep_directory).substr(0, digits), token);
}

std::string token_of_job_name(std::string_view sweep_directory, std::string_view name) {
    const std::string prefix = slurm_job_name(sweep_directory, "");
    if (!name.starts_with(prefix)) return {};
    return std::string(name.substr(prefix.size()));
}

}  // namespace xorch
