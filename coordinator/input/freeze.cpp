#include "coordinator/input/freeze.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "coordinator/input/document.h"
#include "coordinator/input/manifest.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/layout.h"

namespace xorch {

namespace {

namespace fs = std::filesystem;

// Where a declared file or folder lies in the copy: as in the sweep file's folder, or under its
// last name if it lies outside.
std::string name_in_copy(const std::string& declared) {
    const fs::path path = fs::path(declared).lexically_normal();
    const bool outside = path.is_absolute() || *path.begin() == "..";
    std::string name = (outside && path.has_filename() ? path.filename() : path).string();
    if (outside && !path.has_filename()) name = path.parent_path().filename().string();
    while (!name.empty() && name.back() == '/')
        name.pop_back();
    return name == "." ? "" : name;
}

Result<StageCode> plan_code(const Stage& stage, const std::string& directory) {
    StageCode code{stage.name, {}};
    for (const std::string& declared : stage.code) {
        const std::string path = (fs::path(directory) / declared).lexically_normal().string();
        const auto files = list_files(path, true);
        if (!files) {
            return fail_with_context(
                files.error(), fmt::format("code of stage \"{}\"", stage.name)
            );
        }
        const std::string base = name_in_copy(declared);
        for (const ManifestEntry& file : *files) {
            if (file.outside_link) {
                return fail(
                    ErrorCode::invalid_input,
                    fmt::format(
                        "code of stage \"{}\": {} is a link that leads outside; name what it "
                        "points to",
                        stage.name,
                        file.path
                    )
                );
            }
            const bool nested = !base.empty() && !file.name.empty();
            code.files.push_back(
                {file.path, base + (nested ? "/" : "") + file.name, file.executable}
            );
        }
    }
    std::sort(code.files.begin(), code.files.end(), [](const CodeFile& a, const CodeFile& b) {
        return a.to < b.to;
    });
    const auto twice = std::adjacent_find(
        code.files.begin(),
        code.files.end(),
        [](const CodeFile& a, const CodeFile& b) { return a.to == b.to; }
    );
    if (twice != code.files.end()) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format(
                "code of stage \"{}\": {} and {} would both be copied to {}",
                stage.name,
                twice->from,
                std::next(twice)->from,
                twice->to
            )
        );
    }
    return code;
}

// Of the files as they are at `root` + `to`, or where they come from if there is no root.
Result<std::string> hash_code(const StageCode& code, const std::string& root) {
    Hasher hasher;
    for (const CodeFile& file : code.files) {
        const auto hash = hash_file(root.empty() ? file.from : root + "/" + file.to);
        if (!hash) return hash;
        const char mode = file.executable ? 'x' : '-';
        hasher.add(fmt::format("{}:{}:{}:{}\n", file.to.size(), file.to, mode, *hash));
    }
    return hasher.finish();
}

Result<void> hash_paths(Stage& stage) {
    for (auto& [parameter, paths] : stage.path_hashes) {
        for (auto& [path, hash] : paths) {
            auto manifest = manifest_hash(path);
            if (!manifest) {
                return fail_with_context(
                    manifest.error(),
                    fmt::format("stage \"{}\", parameter \"{}\"", stage.name, parameter)
                );
            }
            hash = *manifest;
        }
    }
    return {};
}

bool covers(const StageCode& code, const fs::path& file) {
    std::error_code ignored;
    const std::string path = fs::weakly_canonical(file, ignored).string();
    return std::any_of(code.files.begin(), code.files.end(), [&](const CodeFile& each) {
        return fs::weakly_canonical(each.from, ignored).string() == path;
    });
}

// A file of the sweep's own folder that is named directly: edits to it would leak into a sweep that
// waits.
void warn_of_uncovered_files(
    const Stage& stage,
    const std::string& directory,
    const StageCode& code,
    std::vector<std::string>& warnings
) {
    for (const std::string& argument : stage.argv) {
        if (stage.shell || argument.find('{') != std::string::npos) continue;
        const std::size_t equals = argument.find('=');
        const std::string name =
            equals == std::string::npos ? argument : argument.substr(equals + 1);
        if (name.empty()) continue;
        const fs::path file = (fs::path(directory) / name).lexically_normal();
        std::error_code ignored;
        const fs::path inside = file.lexically_relative(directory);
        const bool below = !inside.empty() && *inside.begin() != "..";
        if (!below || !fs::is_regular_file(file, ignored)) continue;
        const bool covered = covers(code, file);
        const std::string remedy = covered ? fmt::format("write \"{{code}}/{}\"", inside.string())
                                           : fmt::format(
                                                 "add code = [\"{}\"] and write \"{{code}}/{}\"",
                                                 inside.string(),
                                                 inside.string()
                                             );
        warnings.push_back(fmt::format(
            "stage \"{}\": argv names the file {} itself, so edits to it change a sweep that "
            "waits; {}",
            stage.name,
            format_json(Value(name)),
            remedy
        ));
    }
}

}  // namespace

Result<FrozenSweep> freeze(Sweep sweep) {
    FrozenSweep frozen;
    for (Stage& stage : sweep.stages) {
        if (auto hashed = hash_paths(stage); !hashed) return tl::unexpected(hashed.error());
        StageCode code{stage.name, {}};
        if (!stage.code.empty()) {
            auto planned = plan_code(stage, sweep.directory);
            if (!planned) return tl::unexpected(planned.error());
            code = std::move(*planned);
            auto hash = hash_code(code, "");
            if (!hash) return tl::unexpected(hash.error());
            stage.code_hash = *hash;
        }
        warn_of_uncovered_files(stage, sweep.directory, code, frozen.warnings);
        if (!code.files.empty()) frozen.code.push_back(std::move(code));
    }
    if (!sweep.env.setup.empty()) {
        auto hash = hash_file(sweep.env.setup);
        if (!hash) return fail_with_context(hash.error(), "[env] setup");
        sweep.env.setup_hash = *hash;
    }
    frozen.text = format_sweep(sweep);
    // What came from a sweep file is UTF-8; where that file or its data lies need not be.
    if (const auto read = parse_toml(frozen.text, 0); !read) {
        return fail(
            ErrorCode::invalid_input,
            "the sweep file or its data lies in a folder whose name is not UTF-8; rename it or "
            "give "
            "another path"
        );
    }
    frozen.hash = hash_text(frozen.text);
    frozen.sweep = std::move(sweep);
    return frozen;
}

Result<std::string> current_code_hash(const Stage& stage, const std::string& directory) {
    const auto planned = plan_code(stage, directory);
    return planned ? hash_code(*planned, "") : tl::unexpected(planned.error());
}

Result<void> copy_code(const FrozenSweep& frozen, const std::string& root) {
    for (const StageCode& code : frozen.code) {
        const std::string folder = SweepLayout{root}.code() + "/" + code.stage;
        for (const CodeFile& file : code.files) {
            const fs::path to = fs::path(folder) / file.to;
            std::error_code error;
            fs::create_directories(to.parent_path(), error);
            if (!error) fs::copy_file(file.from, to, error);
            if (error) return fail_from_errno("copying " + file.from, error.value());
            using enum fs::perms;
            fs::permissions(
                to, owner_read | owner_write | (file.executable ? owner_exec : none), error
            );
            if (error) return fail_from_errno("copying " + file.from, error.value());
        }
        const auto hash = hash_code(code, folder);
        if (!hash) return tl::unexpected(hash.error());
        const auto stage = find_stage(frozen.sweep, code.stage);
        if (!stage || *hash != frozen.sweep.stages[*stage].code_hash) {
            return fail(
                ErrorCode::conflict,
                fmt::format(
                    "the code of stage \"{}\" changed while it was copied; submit again", code.stage
                )
            );
        }
    }
    return {};
}

}  // namespace xorch
