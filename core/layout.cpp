#include "core/layout.h"

#include <fmt/format.h>

namespace xorch {

std::string SweepLayout::sweep_file() const {
    return root + "/sweep.toml";
}

std::string SweepLayout::code() const {
    return root + "/code";
}

std::string SweepLayout::program() const {
    return root + "/xorch";
}

std::string SweepLayout::native_program() const {
    return root + "/xorch-runner";
}

std::string SweepLayout::journal() const {
    return root + "/journal";
}

std::string SweepLayout::endpoint(EpochNumber epoch) const {
    return fmt::format("{}/{}.endpoint.json", journal(), format_epoch(epoch));
}

std::string SweepLayout::alive(EpochNumber epoch) const {
    return fmt::format("{}/{}.alive", journal(), format_epoch(epoch));
}

std::string SweepLayout::snapshot(EpochNumber epoch) const {
    return fmt::format("{}/{}.snap", journal(), format_epoch(epoch));
}

std::string SweepLayout::status() const {
    return journal() + "/status.json";
}

std::string SweepLayout::queue() const {
    return journal() + "/queue.json";
}

std::string SweepLayout::inbox() const {
    return root + "/inbox";
}

std::string SweepLayout::keys() const {
    return root + "/keys";
}

std::string SweepLayout::spool() const {
    return root + "/spool";
}

std::string SweepLayout::spool_file(IncarnationId incarnation) const {
    return fmt::format("{}/{}.log", spool(), format_incarnation(incarnation));
}

std::string SweepLayout::logs() const {
    return root + "/logs";
}

std::string SweepLayout::units() const {
    return root + "/units";
}

std::string SweepLayout::unit(const UnitId& id) const {
    const std::string name = format_unit_id(id);
    return fmt::format("{}/{}/{}/{}", units(), name.substr(0, 2), name.substr(2, 2), name);
}

std::string SweepLayout::attempt(const UnitId& id, AttemptNumber attempt) const {
    return fmt::format("{}/{}", unit(id), attempt.value);
}

std::string SweepLayout::output(const UnitId& id, AttemptNumber attempt_number) const {
    return attempt(id, attempt_number) + "/out";
}

std::string SweepLayout::gang(const UnitId& id, AttemptNumber number) const {
    return attempt(id, number) + "/gang";
}

std::string SweepLayout::live_output(const UnitId& id, AttemptNumber attempt_number) const {
    return fmt::format("{}/{}-{}.live", logs(), format_unit_id(id), attempt_number.value);
}

std::string format_epoch(EpochNumber epoch) {
    return fmt::format("{:06}", epoch.value);
}

}  // namespace xorch
