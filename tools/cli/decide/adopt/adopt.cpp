#include <fmt/format.h>

#include <filesystem>

#include "coordinator/input/freeze.h"
#include "coordinator/input/manifest.h"
#include "coordinator/report/tables/summary.h"
#include "coordinator/report/text.h"
#include "core/io/clock.h"
#include "core/io/posix_disk.h"
#include "tools/cli/decide/adopt/path_pattern.h"
#include "tools/cli/decide/adopt/placement.h"
#include "tools/cli/read/read_sweep.h"
#include "tools/cli/run/adoption.h"
#include "tools/cli/run/native_program.h"
#include "tools/cli/run/sweep_directory.h"
#include "tools/cli/run/sweep_source.h"
#include "tools/cli/verbs.h"
#include "worker/attempt/records/records_read.h"

namespace xorch {

namespace {

namespace fs = std::filesystem;

// Rows that belong nowhere are named up to here; the rest is counted.
constexpr std::size_t unplaced_shown = 5;

struct AdoptOptions {
    std::string tree;
    std::string file;
    std::vector<std::string> overrides;
    std::vector<std::string> patterns;
    std::string stage;
    bool dry_run = false;
};

// What the path says comes before what the row says: folders are named on purpose.
void add_path_values(const std::map<std::string, std::string>& values, TreeRow& row) {
    for (const auto& [name, text] : values)
        set_member(row.cells, name, typed_cell(text));
}

struct Tree {
    std::vector<TreeRow> rows;
    std::size_t files = 0;
};

Result<std::vector<PathPattern>> parse_patterns(const std::vector<std::string>& texts) {
    std::vector<PathPattern> patterns;
    for (const std::string& text : texts) {
        auto pattern = PathPattern::parse(text);
        if (!pattern) return tl::unexpected(pattern.error());
        patterns.push_back(*std::move(pattern));
    }
    return patterns;
}

Result<Tree> read_tree(const AdoptOptions& options) {
    const auto patterns = parse_patterns(
        options.patterns.empty() ? std::vector<std::string>{"**"} : options.patterns
    );
    if (!patterns) return tl::unexpected(patterns.error());
    const auto files = list_files(options.tree, false);
    if (!files) return tl::unexpected(files.error());
    PosixDisk disk;
    Tree tree;
    for (const ManifestEntry& file : *files) {
        const std::string name =
            file.name.empty() ? fs::path(file.path).filename().string() : file.name;
        if (!is_result_file(name)) continue;
        for (const PathPattern& pattern : *patterns) {
            const auto values = pattern.match(name);
            if (!values) continue;
            const auto text = disk.read(file.path);
            if (!text) return fail_with_context(text.error(), "reading " + file.path);
            ++tree.files;
            for (TreeRow& row : read_tree_rows(name, *text)) {
                add_path_values(*values, row);
                tree.rows.push_back(std::move(row));
            }
            break;
        }
    }
    return tree;
}

Result<StageIndex> stage_to_fill(const Plan& plan, const std::string& name) {
    if (name.empty()) return summary_stage(plan);
    if (const auto found = find_stage(plan.sweep(), name)) return StageIndex{*found};
    return fail(ErrorCode::usage, "there is no stage " + name);
}

// What names of files below the tree start from.
std::string folder_of(const std::string& tree) {
    const fs::path path = fs::absolute(tree).lexically_normal();
    std::error_code ignored;
    return (fs::is_directory(path, ignored) ? path : path.parent_path()).string();
}

void say_placement(const Placement& placement, const Tree& tree) {
    fmt::print(
        "{} of {}: {} adopted, {} cut off, {} found twice; {} of no unit\n",
        count_of(tree.rows.size(), "row"),
        count_of(tree.files, "file"),
        count_of(placement.adopted, "unit"),
        placement.torn,
        placement.twice,
        count_of(placement.unplaced.size(), "row")
    );
    for (std::size_t i = 0; i < std::min(unplaced_shown, placement.unplaced.size()); ++i)
        fmt::print("  {}\n", escape_for_terminal(placement.unplaced[i]));
}

Result<ExitCode> adopt(const Context& context, const AdoptOptions& options) {
    const SweepSource source{.file = options.file, .overrides = options.overrides};
    auto read = read_sweep(source);
    if (!read) return tl::unexpected(read.error());
    const auto frozen = freeze(*std::move(read));
    if (!frozen) return fail_at_source(source, frozen.error());
    const auto plan = Plan::make(frozen->sweep);
    if (!plan) return fail_at_source(source, plan.error());
    const auto stage = stage_to_fill(*plan, options.stage);
    if (!stage) return tl::unexpected(stage.error());
    auto tree = read_tree(options);
    if (!tree) return tl::unexpected(tree.error());
    const std::string from = folder_of(options.tree);
    const Placement placement = place_rows(*plan, *stage, from, tree->rows);
    say_placement(placement, *tree);
    if (placement.facts.empty()) {
        return fail(
            ErrorCode::usage,
            "no row belongs to a unit of the plan; --pattern says what the paths mean, for example "
            "--pattern '{class}_seed{seed}_{mode}.json', and `xorch plan FILE.toml` shows the units"
        );
    }
    if (options.dry_run) return ExitCode::complete;
    const auto native_program = native_program_for(frozen->sweep, context.program);
    if (!native_program) return tl::unexpected(native_program.error());
    const auto layout = create_sweep_directory(
        *frozen,
        {.home = context.home,
         .program = context.program,
         .native_program = *native_program,
         .unix = read_clocks().unix}
    );
    if (!layout) return tl::unexpected(layout.error());
    const auto earlier = adopt_earlier(context.home, *layout, *frozen, placement.facts);
    if (!earlier) return tl::unexpected(earlier.error());
    if (earlier->units > 0) {
        fmt::print("{} more of sweep {}\n", count_of(earlier->units, "unit"), earlier->from);
    }
    fmt::print("sweep {}\nnext: xorch audit {}\n", layout->root, quote_for_shell(layout->root));
    return ExitCode::complete;
}

}  // namespace

void add_adopt(CLI::App& app, Context& context) {
    auto& options = context.keep<AdoptOptions>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "adopt",
         .group = VerbGroup::decide,
         .purpose = "Make results that something else wrote the records of a new sweep",
         .example = "xorch adopt results sweep.toml --pattern "
                    "'lr{lr}/repeat{repeat}_budget{budget}.json'\n"
                    "  xorch adopt results.csv sweep.toml --dry-run"},
        [&context, &options] { return adopt(context, options); }
    );
    verb.option("tree", options.tree, "A folder of CSV, TSV, JSON and JSON lines, or one such file")
        .required()
        .type_name("DIR");
    verb.option("file", options.file, "The sweep file whose units they are")
        .required()
        .type_name("FILE.toml");
    verb.option(
            "--pattern",
            options.patterns,
            "What paths below DIR mean: {axis}, * and **; files that match none are not read"
    )
        .one_each()
        .type_name("PATTERN");
    verb.option("--stage", options.stage, "Stage; default: that of the summary").type_name("NAME");
    verb.option("--set", options.overrides, "Overrides a key of the sweep file")
        .one_each()
        .type_name("KEY=VALUE");
    verb.flag("--dry-run", options.dry_run, "Only say what would be adopted");
}

}  // namespace xorch
