// beats.prepare: recordings become the folder of beats that the other jobs learn from, a record
// each that accounts for their annotations, and a picture. It saves no checkpoints: the 48 real
// recordings take a few seconds.

#include <filesystem>

#include "core/check.h"
#include "jobs/beats/beat_file.h"
#include "jobs/beats/data/preparation.h"
#include "jobs/beats/jobs.h"
#include "jobs/beats/report/beats_picture.h"
#include "jobs/files/png_file.h"

namespace xorch {

namespace beats {

namespace {

PreparationOptions options_of(const NativeUnit& unit) {
    const Parameters& params = unit.params();
    return {
        .data = params.text("data"),
        .cut =
            {
                  .lead = params.text("lead"),
                  .first_lead_instead = params.text("missing_lead") == "first",
                  .marks_as_other = params.text("non_beat") == "other",
                  },
        .ds1_ds2 = params.text("split") == "ds1_ds2",
        .allow_missing = params.flag("allow_missing"),
        .beats_max = static_cast<std::size_t>(params.integer("max_beats")),
        .seed = static_cast<std::uint64_t>(params.integer("seed")),
    };
}

Object row_of(const PreparedRecord& record) {
    const auto& [n, s, v, o] = record.beats;
    const auto& [val_n, val_s, val_v, val_o] = record.val;
    return {
        {"record",                   record.record                      },
        {"split",                    record.split                       },
        {"lead",                     record.lead                        },
        {"n",                        n                                  },
        {"s",                        s                                  },
        {"v",                        v                                  },
        {"o",                        o                                  },
        {"val_n",                    val_n                              },
        {"val_s",                    val_s                              },
        {"val_v",                    val_v                              },
        {"val_o",                    val_o                              },
        {"annotations",              record.tally.annotations           },
        {"paced",                    record.tally.paced                 },
        {"non_beats",                record.tally.marks                 },
        {"at_the_ends",              record.tally.at_the_ends           },
        {"not_measured",             record.tally.not_measured          },
        {"over_max_beats",           record.tally.over_the_limit        },
        {std::string(checks_column), reported_checks_cell(record.checks)},
    };
}

Result<void> write_artifacts(NativeUnit& unit, const BeatSplits& beats) {
    const auto listing = unit.artifact("beats/beats.json");
    if (!listing) return tl::unexpected(listing.error());
    const std::string folder = std::filesystem::path(*listing).parent_path().string();
    if (auto written = write_beats(folder, beats); !written) return written;
    const auto picture = unit.artifact("beats.png");
    if (!picture) return tl::unexpected(picture.error());
    return write_png(*picture, draw_beats(beats));
}

}  // namespace

}  // namespace beats

Result<JobEnd> run_beats_prepare(NativeUnit& unit) {
    using namespace beats;
    const auto prepared =
        prepare_beats(options_of(unit), [&unit](std::size_t done, std::size_t total) {
            unit.progress(static_cast<std::int64_t>(done), static_cast<std::int64_t>(total));
        });
    if (!prepared) return tl::unexpected(prepared.error());
    if (auto ok = write_artifacts(unit, prepared->beats); !ok) return tl::unexpected(ok.error());
    for (const PreparedRecord& record : prepared->records) {
        if (auto ok = unit.report(row_of(record)); !ok) return tl::unexpected(ok.error());
    }
    return JobEnd::done;
}

}  // namespace xorch
