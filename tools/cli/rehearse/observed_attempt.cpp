#include "tools/cli/rehearse/observed_attempt.h"

#include <poll.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "core/io/clock.h"
#include "tools/cli/rehearse/directory_watch.h"

namespace xorch {

namespace {

constexpr Millis look_every{50};  // for events that do not wake the runner
constexpr std::string_view publish_folder = "/publish/";
constexpr std::string_view sealed_folder = "/ckpt-";
constexpr std::string_view out_folder = "/out/";

// The part of a path below the folder in which units publish checkpoints; empty if it is not there.
std::string_view published_part(std::string_view path) {
    const std::size_t at = path.find(publish_folder);
    return at == std::string_view::npos ? std::string_view()
                                        : path.substr(at + publish_folder.size());
}

// The number of the attempt below whose folder "<attempt><folder>..." a path leads; empty if none.
std::string_view attempt_before(std::string_view folder, std::string_view path) {
    const std::size_t at = path.find(folder);
    if (at == std::string_view::npos) return {};
    const std::string_view before = path.substr(0, at);
    return before.substr(before.rfind('/') + 1);  // of npos: the whole
}

// True for a file in a sealed checkpoint of another attempt than `current`.
bool is_in_earlier_checkpoint(std::string_view path, AttemptNumber current) {
    const std::string_view attempt = attempt_before(sealed_folder, path);
    return !attempt.empty() && attempt != std::to_string(current.value);
}

bool is_in_out_of(std::string_view path, AttemptNumber current) {
    return attempt_before(out_folder, path) == std::to_string(current.value);
}

bool is_unfinished(std::string_view published) {
    return published.substr(0, published.find('/')).ends_with(".tmp");
}

class Observer {
 public:
    Observer(
        AttemptRunner& runner,
        const ObservedAttempt& what,
        DirectoryWatch units,
        DirectoryWatch scratch
    )
        : runner_(runner), what_(what), units_(std::move(units)), scratch_(std::move(scratch)) {
        seen_.given_resume = what.given_resume;
    }

    AttemptSeen run() {
        Now now = read_clocks();
        begun_ = now.boot;
        // What happens before the process is there is the runner verifying a checkpoint.
        runner_.before_each_start([this] { look_at_folders(); });
        runner_.carry_out(now, StartAttempt{.assignment = what_.assignment});
        while (!over_) {
            wait(now);
            now = read_clocks();
            for (const AttemptNews& news : runner_.poll(now))
                take(now, news);
            look_at_folders();
            interrupt(now);
        }
        runner_.before_each_start({});
        return std::move(seen_);
    }

 private:
    void wait(Now now) const {
        const Millis left = std::clamp(runner_.next_poll() - now.boot, Millis{0}, look_every);
        pollfd waiting{.fd = runner_.descriptor(), .events = POLLIN, .revents = 0};
        ::poll(&waiting, 1, static_cast<int>(left.count()));
    }

    void take(Now now, const AttemptNews& news) {
        if (std::holds_alternative<AttemptRunning>(news)) {
            running_since_ = now.boot;
        } else if (const auto* sealed = std::get_if<AttemptSealed>(&news)) {
            seen_.checkpoints.push_back({sealed->sealed, now.boot - begun_});
        } else if (const auto* over = std::get_if<AttemptOver>(&news)) {
            on_over(now, *over);
        }
    }

    void on_over(Now now, const AttemptOver& over) {
        over_ = true;
        seen_.end = over.end;
        if (over.end.message.find(" behind (") != std::string::npos)
            seen_.left_behind = {over.end.message};
        if (!stop_asked_) return;
        seen_.stop_took = now.boot - *stop_asked_;
        seen_.ended_by_itself = over.end.signal == 0 && seen_.stop_took < what_.stage->limits.grace;
        seen_.was_writing_at_term = !seen_.ended_by_itself && wrote_after_stop_;
    }

    void look_at_folders() {
        for (const DirectoryEvent& event : units_.take())
            judge_event(event);
        for (const DirectoryEvent& event : scratch_.take())
            judge_event(event);
    }

    void judge_event(const DirectoryEvent& event) {
        if (event.folder || !running_since_) return;
        if (event.kind == DirectoryEvent::Kind::read) {
            // A file that nobody wrote in this attempt was put back from a checkpoint.
            const AttemptNumber attempt = what_.assignment.attempt;
            const bool restored =
                is_in_out_of(event.path, attempt) && !touched_.contains(event.path);
            if (restored || is_in_earlier_checkpoint(event.path, attempt)) {
                seen_.opened_resume = true;
            }
            return;
        }
        touched_.insert(event.path);
        const std::string_view published = published_part(event.path);
        if (published.empty() || event.kind != DirectoryEvent::Kind::written) return;
        if (stop_asked_) wrote_after_stop_ = true;
        // Files that xorch itself adds when it seals.
        const std::string_view name = published.substr(published.rfind('/') + 1);
        if (is_unfinished(published) || name.starts_with("xorch-")) return;
        auto& list = seen_.written_in_place;
        if (std::find(list.begin(), list.end(), published) == list.end())
            list.emplace_back(published);
    }

    void interrupt(Now now) {
        if (over_ || stop_asked_ || !running_since_) return;
        const Interruption& how = what_.interruption;
        const Millis ran = now.boot - *running_since_;
        const bool enough = seen_.checkpoints.size() >= how.after_checkpoints;
        const bool late = how.at_latest > Millis{0} && ran >= how.at_latest;
        const bool too_long = what_.longest > Millis{0} && ran >= what_.longest;
        const bool due = how.kind != Interruption::Kind::none && (enough || late);
        if (!due && !too_long) return;
        const bool kill = due && how.kind == Interruption::Kind::kill;
        stop_asked_ = now.boot;
        if (!kill) seen_.stop_after_start = ran;
        runner_.carry_out(
            now,
            EndAttempt{
                .unit = what_.assignment.unit,
                .attempt = what_.assignment.attempt,
                .cause = Cause::stop_request,
                .at_once = kill}
        );
    }

    AttemptRunner& runner_;
    const ObservedAttempt& what_;
    DirectoryWatch units_;
    DirectoryWatch scratch_;
    AttemptSeen seen_;
    Millis begun_{0};
    std::optional<Millis> running_since_;
    std::set<std::string> touched_;  // made or written since
    std::optional<Millis> stop_asked_;
    bool wrote_after_stop_ = false;
    bool over_ = false;
};

}  // namespace

Result<AttemptSeen> observe(AttemptRunner& runner, const ObservedAttempt& what) {
    auto units = DirectoryWatch::start(what.layout.units());
    if (!units) return tl::unexpected(units.error());
    auto scratch = DirectoryWatch::start(what.scratch);
    if (!scratch) return tl::unexpected(scratch.error());
    return Observer(runner, what, std::move(*units), std::move(*scratch)).run();
}

}  // namespace xorch
