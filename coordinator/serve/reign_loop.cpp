#include "coordinator/serve/reign_loop.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <utility>

#include "coordinator/serve/reign_content.h"
#include "coordinator/serve/spool_reader.h"
#include "core/io/clock.h"
#include "core/io/keys.h"
#include "core/wire/endpoint.h"

namespace xorch {
namespace {

// Frames per turn: enough to share a commit, few enough that a turn stays short.
constexpr std::size_t frames_per_turn = 256;
// A peer whose queue is full is tried again this soon.
constexpr Millis congested_wait{20};
// A reign whose next tick stays in the past must not make the loop spin.
constexpr Millis tick_pause{10};
// Longest sleep, so that a wake-up that somebody forgot costs a moment and not the sweep.
constexpr Millis longest_wait{1'000};

}  // namespace

// ---- beginning ----

Result<void> ReignLoop::Content::open_socket(const KeyPair& keys) {
    const std::string directory = settings().layout.keys();
    auto bound = ServerSocket::bind({.address = settings().address, .keys = keys});
    if (!bound) return tl::unexpected(bound.error());
    socket.emplace(std::move(*bound));
    const auto client = ensure_keys(directory, client_key_name());
    if (!client) return tl::unexpected(client.error());
    socket->allow(client->public_key, {.role = PeerRole::client, .allocation = {}});
    return {};
}

void ReignLoop::Content::admit(AllocationId allocation, const std::string& public_key) {
    agent_keys.insert_or_assign(allocation, public_key);
    socket->allow(public_key, {.role = PeerRole::agent, .allocation = allocation});
}

Result<void> ReignLoop::Content::begin(Claimed claimed) {
    const std::string keys_directory = settings().layout.keys();
    const auto keys = ensure_keys(keys_directory, coordinator_key_name());
    if (!keys) return tl::unexpected(keys.error());
    if (auto opened = open_socket(*keys); !opened) return opened;
    const Sweep& sweep = claimed.state.plan().sweep();
    const EpochNumber epoch = claimed.writer.epoch();
    auto started = ReignJournal::start(
        *parts.disk,
        std::move(claimed.writer),
        {.commit_wait = sweep.tuning.commit_wait,
         .alive_every = sweep.tuning.alive_every,
         .alive_path = settings().layout.alive(epoch)}
    );
    if (!started) return tl::unexpected(started.error());
    journal = std::move(*started);
    for (std::optional<Errands>* each : {&errands, &tables_errands}) {
        auto thread = Errands::start();
        if (!thread) return tl::unexpected(thread.error());
        each->emplace(std::move(*thread));
    }
    links.emplace(*socket, epoch);
    reign.emplace(std::move(claimed.state), epoch, *journal, now);
    reign->runs_in(settings().allocation);
    make_parts();
    take_over_allocations();
    const Endpoint endpoint{
        .epoch = epoch,
        .address = socket->endpoint(),
        .public_key = keys->public_key,
        .host = settings().self.host,
        .pid = settings().self.pid,
    };
    return write_endpoint(*parts.disk, settings().layout, endpoint);
}

void ReignLoop::Content::make_parts() {
    const Sweep& sweep = reign->state().plan().sweep();
    const auto write_log = [this](std::string_view line) { log(line); };
    assigner.emplace(Assigner::Settings{
        .disk = parts.disk,
        .layout = settings().layout,
        .errands = &*errands,
        .links = &*links,
        .reign = &*reign,
        .on_impossible =
            [this](IncarnationId agent, AssignedUnit unit, const Error& error) {
                EndReport report{.unit = unit.unit, .attempt = unit.attempt};
                report.end.cause = Cause::spawn;
                report.end.message = "the unit cannot be sent to an agent: " + error.message;
                reign->on_spooled(now, agent, {report});
            },
    });
    requests.emplace(Requests::Settings{
        .inbox = settings().layout.inbox(),
        .inbox_every = sweep.tuning.inbox_every,
        .socket = &*socket,
        .errands = &*errands,
        .on_request = [this](const ClientRequest& request) { reign->on_request(now, request); },
        .log = write_log,
    });
    notifier.emplace(
        NotifierSettings{
            .command = sweep.notify.command,
            .sweep = sweep.name,
            .directory = sweep.directory,
            .environment = settings().environment,
        },
        write_log
    );
    derived.emplace(
        Derived::Settings{
            .layout = settings().layout,
            .self = settings().self,
            .status_every = settings().status_every,
            .tables_every = sweep.tuning.tables_every,
            .facts_per_snapshot = settings().facts_per_snapshot,
            .progress = settings().progress,
            .write_tables = settings().write_tables,
            .log = write_log,
        },
        Derived::Parts{
            .disk = parts.disk,
            .journal = journal.get(),
            .reign = &*reign,
            .errands = &*errands,
            .tables_errands = &*tables_errands,
        }
    );
}

void ReignLoop::Content::take_over_allocations() {
    std::vector<AllocationState> left;
    for (const AllocationState& allocation : reign->state().allocations()) {
        if (allocation.ended) continue;
        left.push_back(allocation);
        const std::string name = agent_key_name(allocation.allocation);
        const auto key = read_public_key(settings().layout.keys(), name);
        if (key) {
            admit(allocation.allocation, *key);
        } else {
            log("agents of an earlier epoch cannot be heard: " + key.error().message);
        }
    }
    parts.backend->take_over(now, left);
}

// ---- one turn ----

Millis ReignLoop::Content::tick_time() const {
    return std::max(reign->next_tick(), ticked_boot + tick_pause);
}

Millis ReignLoop::Content::wake_time() const {
    Millis wake = now.boot + (links->is_congested() ? congested_wait : longest_wait);
    wake = std::min(wake, tick_time());
    wake = std::min(wake, parts.backend->next_poll());
    wake = std::min(wake, notifier->next_poll());
    wake = std::min(wake, requests->next_poll());
    return std::min(wake, derived->next_poll());
}

void ReignLoop::Content::wait() {
    const auto watch = [](int descriptor) {
        return pollfd{.fd = descriptor, .events = POLLIN, .revents = 0};
    };
    std::array<pollfd, 6> watched{
        watch(journal->descriptor()),
        watch(errands->descriptor()),
        watch(tables_errands->descriptor()),
        watch(parts.backend->descriptor()),
        watch(parts.stop->descriptor()),
        // Nothing more is taken in than the disk takes.
        watch(journal->is_congested() ? -1 : socket->descriptor()),
    };
    const Millis left = wake_time() - read_clocks().boot;
    // Interrupted or not, what is ready is looked at in any case.
    poll(watched.data(), watched.size(), static_cast<int>(std::max(left, Millis(0)).count()));
}

// The journal's failure, if it failed.
std::optional<Error> ReignLoop::Content::turn() {
    now = read_clocks();
    journal->clear_wakeup();
    reign->on_durable(now, journal->durable());
    if (auto failure = journal->failure()) return failure;
    errands->collect();
    tables_errands->collect();
    if (!journal->is_congested()) hear_frames();
    hear_backend();
    hear_stop();
    requests->poll(now);
    if (now.boot >= tick_time()) {
        ticked_boot = now.boot;
        reign->on_tick(now);
    }
    if (settings().only_submit && !reign->awaits_batch_system(now)) reign->on_hand_over(now);
    read_spools();
    journal->flush();
    speak();
    notifier->poll(now);
    // Speaking may have decided something: a unit that cannot be sent.
    journal->flush();
    derived->poll(now);
    return std::nullopt;
}

void ReignLoop::Content::hear_frames() {
    for (const ReceivedFrame& frame : socket->receive(frames_per_turn)) {
        if (frame.peer.role == PeerRole::client) {
            requests->on_frame(frame);
            continue;
        }
        const AgentFrame heard = links->accept(frame);
        if (heard.messages.empty()) continue;
        reign->on_agent_messages(now, heard.from, heard.messages);
        if (std::holds_alternative<AgentGoodbye>(heard.messages.back())) {
            sent_away.erase(heard.from);
        }
    }
}

void ReignLoop::Content::hear_backend() {
    const std::vector<AllocationEvent> events = parts.backend->poll(now);
    reign->on_allocations(now, events);
    for (const AllocationEvent& event : events) {
        const auto* ended = std::get_if<AllocationEnded>(&event.what);
        if (ended == nullptr) continue;
        const auto key = agent_keys.find(ended->allocation);
        if (key == agent_keys.end()) continue;
        // Agents that speak outweigh a forgetful queue.
        if (!reign->state().allocations()[ended->allocation.value - 1].ended) continue;
        socket->revoke(key->second);
        agent_keys.erase(key);
        const std::string name = agent_key_name(ended->allocation);
        errands->send([this, name, directory = settings().layout.keys()]() -> Errands::Report {
            return [this, removed = remove_keys(directory, name)] {
                if (!removed) log(removed.error().message);
            };
        });
    }
}

void ReignLoop::Content::hear_stop() {
    for (unsigned wishes = parts.stop->take(); wishes > 0; --wishes) {
        if (settings().on_stop == OnStop::hand_over) {
            reign->on_hand_over(now, settings().allocation);
            continue;
        }
        const bool at_once = ++parts.wishes->count > 1;
        log(at_once ? "stopping now"
                    : "stopping: what runs is asked to checkpoint; Ctrl-C again stops at once");
        reign->on_stop_requested(now, at_once);
    }
}

void ReignLoop::Content::read_spools() {
    for (const IncarnationId agent : reign->take_spools_wanted()) {
        const std::string path = settings().layout.spool_file(agent);
        errands->send([this, agent, path, disk = parts.disk]() -> Errands::Report {
            return [this, agent, read = read_spool(*disk, path, agent)] {
                if (!read) log(read.error().message);
                reign->on_spooled(now, agent, read.value_or(std::vector<AgentMessage>()));
            };
        });
    }
}

// ---- speaking ----

void ReignLoop::Content::speak() {
    for (Outgoing& outgoing : reign->take()) {
        std::visit([this](auto& each) { say(each); }, outgoing);
    }
    for (const Error& error : links->flush())
        log(error.message);
}

void ReignLoop::Content::say(ToAgent& message) {
    if (std::holds_alternative<Leave>(message.message)) sent_away.insert(message.to);
    assigner->say(std::move(message));
}

void ReignLoop::Content::say(ClientReply& reply) {
    requests->answer(reply);
}

void ReignLoop::Content::say(StartAllocation& order) {
    const std::string name = agent_key_name(order.allocation);
    errands->send([this, order, name, directory = settings().layout.keys()]() -> Errands::Report {
        return [this, order, keys = ensure_keys(directory, name)] {
            // Cancelled or stopped while the keys were made: nobody would end it any more.
            if (reign->state().allocations()[order.allocation.value - 1].ended) return;
            if (!keys) {
                const std::string reason = "its agents cannot get a key: " + keys.error().message;
                reign->on_allocation(
                    now,
                    {
                        AllocationEnded{order.allocation, reason}
                }
                );
                return;
            }
            admit(order.allocation, keys->public_key);
            parts.backend->carry_out(now, order);
        };
    });
}

void ReignLoop::Content::say(EndAllocation& order) {
    parts.backend->carry_out(now, order);
}

void ReignLoop::Content::say(Notification& notification) {
    notifier->send(now, notification);
}

void ReignLoop::Content::say(AdoptionWanted& wanted) {
    const std::string directory = settings().layout.journal();
    errands->send([this, wanted, directory, disk = parts.disk]() -> Errands::Report {
        return [this, wanted, end = read_attempt_end(*disk, directory, wanted.from)] {
            if (!end) {
                log("an equal unit's result cannot be read: " + end.error().message);
                return;
            }
            const UnitKey same = wanted.same;
            const std::string& stage = reign->state().plan().stage(same.stage).name;
            const std::string from = fmt::format("{}/{}", stage, same.index);
            reign->on_adopted(
                now,
                {
                    UnitAdopted{.unit = wanted.unit, .from = from, .end = *end}
            }
            );
        };
    });
}

// ---- from turn to turn ----

Result<ReignOutcome> ReignLoop::Content::run() {
    // A stop that was wished while there was no reign counts in this one.
    if (parts.wishes->count > 0) reign->on_stop_requested(now, parts.wishes->count > 1);
    if (settings().allocation.value == 0) reign->ask_anew(now);
    reign->on_tick(now);
    if (settings().leaves_at_once) reign->on_hand_over(now, settings().allocation);
    while (!reign->finished()) {
        if (auto failure = turn()) return tl::unexpected(std::move(*failure));
        if (reign->finished()) break;
        wait();
    }
    return end();
}

ReignLoop::ReignLoop(std::unique_ptr<Content> content) : content_(std::move(content)) {}

ReignLoop::~ReignLoop() = default;

Result<std::unique_ptr<ReignLoop>> ReignLoop::start(const Parts& parts, Claimed claimed) {
    auto content = std::make_unique<Content>();
    content->parts = parts;
    content->now = read_clocks();
    for (const std::string& note : claimed.notes)
        content->log(note);
    if (auto begun = content->begin(std::move(claimed)); !begun) {
        return tl::unexpected(begun.error());
    }
    return std::unique_ptr<ReignLoop>(new ReignLoop(std::move(content)));
}

Result<ReignOutcome> ReignLoop::run() {
    return content_->run();
}

}  // namespace xorch
