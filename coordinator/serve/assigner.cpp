#include "coordinator/serve/assigner.h"

#include <utility>

#include "coordinator/journal/journal.h"

namespace xorch {
namespace {

// Inputs of many units in a row are the same ones; what one frame may hold fits several times.
constexpr std::size_t cache_bytes_max = 64U << 20U;
// What one message's units may have as inputs; far beyond what fits the frames they travel in.
constexpr std::size_t fetch_bytes_max = 256U << 20U;
// A file system that answers ESTALE or EIO once often answers properly the next time.
constexpr int read_attempts = 3;
// An Assign of so many bytes gets company no more, so that frames are cut between messages.
constexpr std::size_t assign_bytes_max = 1U << 20U;

Result<std::string> read_rows(Disk& disk, const std::string& journal, FactLocation at) {
    auto fact = read_fact(disk, journal, at);
    for (int attempt = 1; !fact && attempt < read_attempts; ++attempt) {
        fact = read_fact(disk, journal, at);
    }
    if (!fact) return tl::unexpected(fact.error());
    if (auto* finished = std::get_if<UnitFinished>(&*fact)) return std::move(finished->end.rows);
    if (auto* adopted = std::get_if<UnitAdopted>(&*fact)) return std::move(adopted->end.rows);
    return fail(ErrorCode::corrupted, "the journal has no rows where an input's should be");
}

std::size_t size_of(const Result<std::string>& rows) {
    return rows ? rows->size() : 0;
}

}  // namespace

Result<std::string> RowCache::rows(FactLocation at) {
    const auto found = rows_.find(place(at));
    if (found != rows_.end()) return found->second;
    missing_.push_back(at);
    return std::string();
}

std::vector<FactLocation> RowCache::take_missing() {
    return std::exchange(missing_, {});
}

void RowCache::put(FactLocation at, Result<std::string> rows) {
    const std::size_t size = size_of(rows);
    if (!rows_.emplace(place(at), std::move(rows)).second) return;
    order_.push_back(place(at));
    bytes_ += size;
}

void RowCache::trim() {
    std::erase_if(rows_, [](const auto& entry) { return !entry.second; });
    std::erase_if(order_, [&](const Place& each) { return !rows_.contains(each); });
    while (bytes_ > cache_bytes_max) {
        const auto oldest = rows_.find(order_.front());
        bytes_ -= size_of(oldest->second);
        rows_.erase(oldest);
        order_.pop_front();
    }
}

void Assigner::say(ToAgent message) {
    const auto held = held_.find(message.to);
    // A heartbeat says only that we live; it must not wait for a disk.
    const bool heartbeat = std::holds_alternative<CoordinatorHeartbeat>(message.message);
    if (held != held_.end() && !heartbeat) {
        held->second.push_back(std::move(message));
        return;
    }
    if (!try_say(message)) held_[message.to].push_back(std::move(message));
}

bool Assigner::try_say(const ToAgent& message) {
    if (const auto* keys = std::get_if<AssignKeys>(&message.message)) {
        return try_assign(message.to, *keys);
    }
    std::visit(
        [&](const auto& each) {
            if constexpr (!std::is_same_v<std::decay_t<decltype(each)>, AssignKeys>) {
                settings_.links->say(message.to, each);
            }
        },
        message.message
    );
    return true;
}

bool Assigner::try_assign(IncarnationId to, const AssignKeys& keys) {
    std::vector<Assign> assigns(1);
    std::vector<std::pair<AssignedUnit, Error>> impossible;
    std::size_t bytes = 0;
    for (const AssignedUnit& unit : keys.units) {
        if (!may_be_sent(settings_.reign->state(), unit)) continue;
        auto made = assignment(settings_.reign->state(), unit, keys.alone, settings_.layout, rows_);
        if (!made) {
            impossible.emplace_back(unit, made.error());
            continue;
        }
        if (bytes > assign_bytes_max) {
            assigns.emplace_back();
            bytes = 0;
        }
        bytes += made->params.size() + made->inputs.size();
        assigns.back().units.push_back(std::move(*made));
    }
    if (auto missing = rows_.take_missing(); !missing.empty()) {
        fetch(to, std::move(missing));
        return false;
    }
    for (const auto& [unit, error] : impossible)
        settings_.on_impossible(to, unit, error);
    for (Assign& assign : assigns) {
        if (!assign.units.empty()) settings_.links->say(to, std::move(assign));
    }
    return true;
}

void Assigner::fetch(IncarnationId to, std::vector<FactLocation> missing) {
    Disk* disk = settings_.disk;
    settings_.errands->send(
        [this, to, disk, missing = std::move(missing), journal = settings_.layout.journal()](
        ) -> Errands::Report {
            std::vector<Result<std::string>> rows;
            rows.reserve(missing.size());
            std::size_t bytes = 0;
            for (const FactLocation at : missing) {
                rows.push_back(
                    bytes > fetch_bytes_max
                        ? fail(ErrorCode::invalid_input, "the records of the inputs are too large")
                        : read_rows(*disk, journal, at)
                );
                bytes += size_of(rows.back());
            }
            return [this, to, missing, rows = std::move(rows)] {
                for (std::size_t i = 0; i < missing.size(); ++i)
                    rows_.put(missing[i], rows[i]);
                resume(to);
            };
        }
    );
}

void Assigner::resume(IncarnationId to) {
    auto& waiting = held_[to];
    while (!waiting.empty()) {
        if (!try_say(waiting.front())) return;  // its next errand comes back here
        waiting.pop_front();
    }
    held_.erase(to);
    if (held_.empty()) rows_.trim();
}

}  // namespace xorch
