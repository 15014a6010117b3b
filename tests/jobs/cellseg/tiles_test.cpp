// Tiles of a cohort: names of files, counts, donors, and what chance makes of them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <set>

#include "jobs/cellseg/tiles/cohort.h"
#include "jobs/cellseg/tiles/donor_statistics.h"
#include "jobs/files/image_file.h"
#include "tests/jobs/cellseg/few_images.h"

namespace xorch::cellseg {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

namespace fs = std::filesystem;

std::vector<std::string> keys_of(const TileFolder& folder) {
    std::vector<std::string> keys;
    for (const TileFile& tile : folder.tiles) {
        keys.push_back(tile.key);
    }
    return keys;
}

TEST(CellsegTiles, ArePairedInBothFormsOfNamesAtAnyDepth) {
    const TileFolder folder = pair_tiles({
        "scan/GFAP/10100001/S1_b0c0x64-128y0.tif",
        "scan/GFAP/10100001/S1_b0c1x64-128y0.tif",
        "NeuN/batch/10100002.0/S2_dapi-b0c0x0y0.tiff",
        "NeuN/batch/10100002.0/S2_NeuN-b0c1x0y0.tiff",
    });
    EXPECT_THAT(
        keys_of(folder),
        ElementsAre("NeuN/batch/10100002.0/S2_x0y0", "scan/GFAP/10100001/S1_x64-128y0")
    );
    EXPECT_EQ(folder.tiles[0].marker, "neun");
    EXPECT_EQ(folder.tiles[0].donor, "10100002");
    EXPECT_EQ(folder.tiles[1].marker, "gfap");
    EXPECT_TRUE(folder.unmatched.empty());
}

TEST(CellsegTiles, ThatDoNotPairUpAreCountedPerMarker) {
    const TileFolder folder = pair_tiles({
        "gfap/10100001/S1_b0c0x1y1.tif",
        "gfap/10100001/S1_b0c1x1y2.tif",
        "olig2/10100001/S1_b0c1x1y1.tif",
        "elsewhere/10100001/S1_b0c0x1y1.tif",
        "olig2/10100001/S1_b0c0x1y1.tif.xml",
        "olig2/10100001/S1_b0c0x1y1.xml",
        "olig2/10100001/overview.tif",
    });
    EXPECT_TRUE(folder.tiles.empty());
    EXPECT_THAT(
        folder.unmatched, ElementsAre(std::pair{"", 1}, std::pair{"gfap", 2}, std::pair{"olig2", 1})
    );
}

TEST(CellsegTiles, OfDonorsWithNumbersOfAnyFormAreOfOneDonor) {
    EXPECT_EQ(plain_donor("10100001.0"), "10100001");
    EXPECT_EQ(plain_donor("0010100001"), "10100001");
}

TEST(CellsegTiles, ACellIsPositiveWhereItsMarkerIsBright) {
    Labels cells(2, 8);
    Plane marker(2, 8);
    for (int x = 0; x < 2; ++x) {
        cells.at(0, x) = 1;
        marker.at(0, x) = 9.0F;
        cells.at(1, x) = 2;
    }
    const TileCounts counts = count_tile(cells, marker);
    EXPECT_EQ(counts, (TileCounts{.total = 2, .positive = 1, .area = 16}));
}

TEST(CellsegCohort, ATileDependsOnSeedAndNumberAlone) {
    const Cohort all({.seed = 3, .tiles = 700});
    const Cohort few({.seed = 3, .tiles = 350});
    EXPECT_EQ(all.draw(340).marker, few.draw(340).marker);
    EXPECT_NE(all.draw(340).marker, Cohort({.seed = 4, .tiles = 700}).draw(340).marker);
    std::set<std::string> donors;
    for (int tile = 0; tile < all.tiles(); ++tile) {
        donors.insert(all.name(tile).donor);
    }
    EXPECT_EQ(donors.size(), 69U);
}

// Four tiles of each of 12 donors; the counts follow the donor's number exactly.
std::vector<TileRow> ordered_rows(const std::string& model) {
    std::vector<TileRow> rows;
    for (int donor = 0; donor < 12; ++donor) {
        for (int tile = 0; tile < 4; ++tile) {
            TileRow row{.model = model, .tile = {}, .counts = {}};
            row.tile.donor = std::to_string(100000 + donor);
            row.tile.marker = "gfap";
            row.tile.key = row.tile.donor + "/" + std::to_string(tile);
            row.counts = {.total = 20 + donor, .positive = 5, .area = 1000};
            rows.push_back(row);
        }
    }
    return rows;
}

Clinical ordered_clinical() {
    Clinical clinical;
    for (int donor = 0; donor < 12; ++donor) {
        clinical[std::to_string(100000 + donor)].assign(outcomes().size(), 2.0 * donor);
    }
    return clinical;
}

TEST(CellsegDonors, CorrelateEveryMetricWithEveryOutcome) {
    const auto tiles = group_by_donor(ordered_rows("net"));
    ASSERT_TRUE(tiles);
    const std::vector<DonorTest> tests = correlate(sum_tiles(*tiles), ordered_clinical());
    ASSERT_EQ(tests.size(), 24U);
    EXPECT_EQ(tests[0].metric, "ratio");
    EXPECT_NEAR(tests[0].correlation->rho, -1.0, 1e-12);
    EXPECT_EQ(tests[8].metric, "cells_per_mpx");
    EXPECT_NEAR(tests[8].correlation->rho, 1.0, 1e-12);
    EXPECT_EQ(tests[8].donors, 12);
    // Positive ones are equally dense everywhere: nothing to correlate, and no test among others.
    EXPECT_FALSE(tests[16].correlation);
    EXPECT_EQ(tests[16].fdr, 1.0);
}

TEST(CellsegDonors, TheFalseDiscoveryRateIsOverAllModels) {
    auto rows = ordered_rows("first");
    const auto alone = group_by_donor(rows);
    std::vector<TileRow> noisy = ordered_rows("second");
    for (std::size_t i = 0; i < noisy.size(); ++i) {
        noisy[i].counts.total = 20 + static_cast<int>(i / 4 * 7 % 12);
    }
    rows.insert(rows.end(), noisy.begin(), noisy.end());
    const auto both = group_by_donor(rows);
    Clinical clinical = ordered_clinical();
    std::swap(clinical["100000"], clinical["100005"]);
    const double fdr_alone = correlate(sum_tiles(*alone), clinical)[8].fdr;
    const double fdr_of_both = correlate(sum_tiles(*both), clinical)[8].fdr;
    EXPECT_GT(fdr_of_both, fdr_alone);
}

TEST(CellsegDonors, ARepeatDrawsTheSameWhoeverElseIsThere) {
    auto rows = ordered_rows("first");
    for (std::size_t i = 0; i < rows.size(); ++i) {
        rows[i].counts.total = static_cast<int>(i * i % 31);
    }
    const auto alone = group_by_donor(rows);
    auto more = rows;
    for (TileRow& row : more) {
        row.model = "second";
    }
    rows.insert(rows.end(), more.begin(), more.end());
    rows.erase(rows.begin(), rows.begin() + 4);  // a donor of the first model
    const auto other = group_by_donor(rows);
    auto first = draw_tiles(*alone, 9, 3);
    auto again = draw_tiles(*other, 9, 3);
    EXPECT_EQ(first["first"]["gfap"]["100007"].total, again["first"]["gfap"]["100007"].total);
    EXPECT_EQ(again["second"]["gfap"]["100007"].total, again["first"]["gfap"]["100007"].total);
    EXPECT_EQ(first["first"]["gfap"]["100007"].tiles, 4);  // four fifths of four, rounded up
    std::set<std::int64_t> totals;
    for (int repeat = 0; repeat < 8; ++repeat) {
        totals.insert(draw_tiles(*alone, 9, repeat)["first"]["gfap"]["100007"].total);
    }
    EXPECT_GT(totals.size(), 1U);
}

TEST(CellsegDonors, AnExactOrderIsStableUnderEveryDraw) {
    const auto tiles = group_by_donor(ordered_rows("net"));
    const std::vector<Stability> stable = bootstrap(*tiles, ordered_clinical(), 1, 20);
    ASSERT_EQ(stable.size(), 24U);
    EXPECT_EQ(stable[8].repeats, 20);
    EXPECT_NEAR(stable[8].variance, 0.0, 1e-20);
    EXPECT_NEAR(stable[8].sign_consistency, 1.0, 1e-12);
    EXPECT_NEAR(stable[8].passed_fdr, 1.0, 1e-12);
    EXPECT_EQ(stable[16].repeats, 0);
}

TEST(CellsegDonors, WrongTablesAreRefusedByNameOfWhatIsWrong) {
    auto rows = ordered_rows("net");
    rows.push_back(rows[0]);
    EXPECT_THAT(group_by_donor(rows).error().message, HasSubstr("two counts of the tile"));
    DelimitedTable table = Cohort({.seed = 1}).clinical();
    EXPECT_EQ(parse_clinical(table)->size(), 69U);
    table.rows[3][2] = "often";
    EXPECT_THAT(parse_clinical(table).error().message, HasSubstr("ceradsc: \"often\""));
    table.rows[3][2] = "";
    const auto lacking = parse_clinical(table);
    ASSERT_TRUE(lacking);
    EXPECT_TRUE(std::isnan(lacking->at(plain_donor(table.rows[3][0]))[1]));
    table.header[4] = "other";
    EXPECT_THAT(parse_clinical(table).error().message, HasSubstr("dcfdx_lv"));
}

class CellsegInfer : public testing::Test {
 protected:
    static void SetUpTestSuite() {
        shared_ = new TemporaryDirectory;
        make_few_images(shared_->path() + "/images");
        const UnitRun trained = run_alone(
            "cellseg.train",
            {
                {"data",             shared_->path() + "/images"},
                {"epochs",           30                         },
                {"images_per_epoch", 16                         },
                {"crop",             48                         },
                {"width",            8                          },
                {"lr",               0.01                       }
        },
            shared_->path() + "/train"
        );
        ASSERT_EQ(trained.error, "");
    }

    static void TearDownTestSuite() { delete shared_; }

    // 20 tiles of 4 donors in two chunks, the second of them.
    static Object params() {
        return {
            {"model",          shared_->path() + "/train/out/model"},
            {"recipe",         "net"                               },
            {"seed",           7                                   },
            {"donors",         4                                   },
            {"tiles",          20                                  },
            {"chunks",         2                                   },
            {"chunk",          1                                   },
            {"flow_threshold", 0.0                                 }
        };
    }

    std::string folder(const std::string& name) const { return folder_.path() + "/" + name; }

    static TemporaryDirectory* shared_;
    TemporaryDirectory folder_;
};

TemporaryDirectory* CellsegInfer::shared_ = nullptr;

TEST_F(CellsegInfer, OutlinesAreDrawnOnTheFirstTilesOfEachMarkerIfAskedFor) {
    const UnitRun without = run_alone("cellseg.infer", params(), folder("without"));
    EXPECT_FALSE(fs::exists(without.out + "/panels.png"));
    Object some = params();
    const auto height = [&](int panels) {
        set_member(some, "panels", panels);
        const UnitRun run =
            run_alone("cellseg.infer", some, folder("panels" + std::to_string(panels)));
        EXPECT_EQ(run.error, "");
        EXPECT_EQ(run.records, without.records);
        const auto picture = read_image(run.out + "/panels.png");
        return picture ? picture->front().height : 0;
    };
    // Ten tiles, two of each marker; a gap is between tiles.
    const int five_tiles = height(1);
    const int ten_tiles = height(2);
    EXPECT_GE(five_tiles, 5 * 64);
    EXPECT_GT(ten_tiles, 2 * five_tiles);
    EXPECT_LT(ten_tiles, 3 * five_tiles);
    EXPECT_EQ(height(3), ten_tiles);
}

TEST_F(CellsegInfer, StoppedAnywhereAChunkEndsWithTheSameCounts) {
    const UnitRun straight = run_alone("cellseg.infer", params(), folder("straight"));
    ASSERT_EQ(straight.error, "");
    EXPECT_EQ(*find_member(straight.records[0], "tiles"), Value(10));
    EXPECT_GT(find_member(straight.records[0], "cells")->as_number(), 0.0);
    for (const int looks : {1, 4, 9, 10}) {
        const std::string place = folder("stop" + std::to_string(looks));
        const UnitRun part =
            run_alone("cellseg.infer", params(), place, {.answers_before_stop = looks});
        ASSERT_EQ(part.end, JobEnd::checkpointed) << looks;
        const UnitRun rest =
            run_alone("cellseg.infer", params(), place, {.resume = part.checkpoints.back()});
        ASSERT_EQ(rest.error, "");
        EXPECT_EQ(rest.records, straight.records) << looks;
        EXPECT_EQ(
            bytes_of(rest.out + "/tile_counts.tsv"), bytes_of(straight.out + "/tile_counts.tsv")
        );
    }
}

TEST_F(CellsegInfer, AResumedChunkLooksAtNoTileThatHasACount) {
    ASSERT_TRUE(make_tiles(folder("tiles"), {.seed = 7, .donors = 4, .tiles = 20}));
    Object of_folder = params();
    set_member(of_folder, "data", folder("tiles"));
    const UnitRun straight = run_alone("cellseg.infer", of_folder, folder("straight"));
    ASSERT_EQ(straight.error, "");
    const UnitRun part =
        run_alone("cellseg.infer", of_folder, folder("part"), {.answers_before_stop = 4});
    ASSERT_EQ(part.end, JobEnd::checkpointed);
    // The four that were counted can be read no more.
    const TileFolder listed = list_tiles(folder("tiles")).value();
    for (int tile = 10; tile < 14; ++tile) {
        write_bytes(folder("tiles/" + listed.tiles[static_cast<std::size_t>(tile)].c0), "gone");
    }
    const UnitRun rest =
        run_alone("cellseg.infer", of_folder, folder("part"), {.resume = part.checkpoints.back()});
    EXPECT_EQ(rest.error, "");
    EXPECT_EQ(rest.records, straight.records);
    EXPECT_THAT(
        run_alone("cellseg.infer", of_folder, folder("again")).error, HasSubstr(listed.tiles[10].c0)
    );
}

TEST_F(CellsegInfer, AFolderOfTilesGivesTheCountsOfTheCohortThatWroteIt) {
    ASSERT_TRUE(make_tiles(folder("tiles"), {.seed = 7, .donors = 4, .tiles = 20}));
    Object whole = params();
    set_member(whole, "chunks", 1);
    set_member(whole, "chunk", 0);
    const UnitRun made = run_alone("cellseg.infer", whole, folder("made"));
    set_member(whole, "data", folder("tiles"));
    const UnitRun read = run_alone("cellseg.infer", whole, folder("read"));
    ASSERT_EQ(made.error, "");
    ASSERT_EQ(read.error, "");
    for (const char* column : {"tiles", "cells", "positive", "checks"}) {
        EXPECT_EQ(*find_member(read.records[0], column), *find_member(made.records[0], column));
    }
    fs::remove_all(folder("tiles/pecam"));
    write_bytes(folder("tiles/gfap/10100001/S9_b0c0x0y0.tif"), "");
    const UnitRun lacking = run_alone("cellseg.infer", whole, folder("lacking"));
    ASSERT_EQ(lacking.error, "");
    EXPECT_EQ(*find_member(lacking.records[0], "checks"), Value("UNMATCHED_FILES MARKER_VANISHED"));
    EXPECT_EQ(*find_member(lacking.records[0], "unmatched_gfap"), Value(1));
}

TEST_F(CellsegInfer, ACheckpointOfOtherTilesIsRefused) {
    const UnitRun part =
        run_alone("cellseg.infer", params(), folder("part"), {.answers_before_stop = 4});
    Object other = params();
    set_member(other, "donors", 3);
    EXPECT_THAT(
        run_alone("cellseg.infer", other, folder("part"), {.resume = part.checkpoints.back()})
            .error,
        HasSubstr("counts of other tiles")
    );
}

TEST_F(CellsegInfer, ChunksBecomeTablesOfDonors) {
    Inputs inputs;
    for (const int chunk : {0, 1}) {
        Object of_chunk = params();
        set_member(of_chunk, "chunk", chunk);
        const UnitRun run =
            run_alone("cellseg.infer", of_chunk, folder("chunk" + std::to_string(chunk)));
        ASSERT_EQ(run.error, "");
        inputs.add("infer", of_chunk, run);
    }
    const UnitRun donors = run_alone(
        "cellseg.donors",
        {
            {"seed",    7 },
            {"donors",  4 },
            {"tiles",   20},
            {"repeats", 5 }
    },
        folder("donors"),
        {.inputs = inputs.json()}
    );
    ASSERT_EQ(donors.error, "");
    ASSERT_EQ(donors.records.size(), 1U);
    EXPECT_EQ(*find_member(donors.records[0], "tiles"), Value(20));
    EXPECT_NE(find_member(donors.records[0], "mean_rho_error"), nullptr);
    EXPECT_THAT(
        bytes_of(donors.out + "/donor_marker_ratio.tsv"), HasSubstr("\nnet\t10100004\tolig2\t1\t")
    );
    EXPECT_THAT(
        bytes_of(donors.out + "/e5_bootstrap_stability.tsv"),
        HasSubstr("net\tgfap\tcells_per_mpx\tbraaksc\t5\t")
    );
}

}  // namespace
}  // namespace xorch::cellseg
