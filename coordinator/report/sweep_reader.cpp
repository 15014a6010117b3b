#include "coordinator/report/sweep_reader.h"

#include <utility>

namespace xorch {

SweepReader::SweepReader(Disk& disk, SweepLayout layout, State state)
    : disk_(&disk), layout_(std::move(layout)), state_(std::move(state)) {}

Result<SweepReader> SweepReader::read(Disk& disk, SweepLayout layout, Plan plan) {
    SweepReader reader(disk, std::move(layout), State(std::move(plan)));
    const auto visit = [&reader](const FactBatch& batch, FactLocation at) {
        reader.last_unix_ = batch.at_unix;
        return reader.state_.apply(batch, at);
    };
    auto end = replay_journal(disk, reader.layout_.journal(), visit);
    if (!end) return fail_with_context(end.error(), "reading the journal");
    reader.end_ = *std::move(end);
    return reader;
}

Result<Fact> SweepReader::fact(FactLocation at) const {
    return read_fact(*disk_, layout_.journal(), at);
}

}  // namespace xorch
