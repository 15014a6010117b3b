#include "worker/checkpoint_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "core/hash.h"
#include "core/json.h"
#include "core/planted.h"

namespace xorch {

namespace {

constexpr std::uint64_t read_bytes = 1U << 20U;
// A folder tree deeper than this is no checkpoint, but a loop.
constexpr int depth_max = 32;
constexpr const char* unsealed_suffix = ".tmp";

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
        return std::nullopt;
    }
    return number;
}

// File names are bytes, JSON is text: bytes that are not plain ASCII are written as %HH.
std::string escape_name(const std::string& name) {
    std::string text;
    for (const char byte : name) {
        const auto number = static_cast<unsigned char>(byte);
        if (number > 0x20 && number < 0x7F && byte != '%') {
            text.push_back(byte);
        } else {
            text += fmt::format("%{:02x}", number);
        }
    }
    return text;
}

std::optional<std::string> unescape_name(std::string_view text) {
    std::string name;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            name.push_back(text[i]);
            continue;
        }
        unsigned number = 0;
        const std::string_view digits = text.substr(i + 1, 2);
        const auto parsed =
            std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
        if (digits.size() != 2 || parsed.ptr != digits.data() + 2) return std::nullopt;
        name.push_back(static_cast<char>(number));
        i += 2;
    }
    return name;
}

Result<void> sync_file(Disk& disk, const std::string& path) {
    auto file = disk.open_append(path);
    if (!file) return tl::unexpected(file.error());
    return (*file)->sync();
}

// Files, then the folders that name them, innermost first.
Result<void> sync_files(
    Disk& disk, const std::string& folder, const std::vector<std::string>& files
) {
    std::set<std::string, std::greater<>> folders{folder};
    for (const std::string& file : files) {
        if (auto synced = sync_file(disk, folder + "/" + file); !synced) return synced;
        for (std::size_t at = file.find('/'); at != std::string::npos; at = file.find('/', at + 1))
            folders.insert(folder + "/" + file.substr(0, at));
    }
    for (const std::string& name : folders) {
        if (auto synced = disk.sync_directory(name); !synced) return synced;
    }
    return {};
}

// The attempt's folder and the ones above it that were made for it: units/ab/cd/<id>.
Result<void> sync_ancestors(Disk& disk, std::string folder) {
    constexpr int folders = 5;
    for (int i = 0; i < folders && folder.size() > 1; ++i) {
        if (auto synced = disk.sync_directory(folder); !synced) return synced;
        folder.erase(std::min(folder.rfind('/'), folder.size()));
    }
    return {};
}

// The manifest without its seal; the seal is the hash of this.
Result<Object> describe(Disk& disk, const std::string& folder, const SealRequest& request) {
    Array files;
    for (const std::string& name : request.files) {
        const auto size = disk.size(folder + "/" + name);
        if (!size) return tl::unexpected(size.error());
        auto hash = hash_file(disk, folder + "/" + name);
        if (!hash) return tl::unexpected(hash.error());
        files.emplace_back(Object{
            {"name", escape_name(name)               },
            {"size", static_cast<std::int64_t>(*size)},
            {"hash", std::move(*hash)                }
        });
    }
    return Object{
        {"version",  1                                          },
        {"sequence", static_cast<std::int64_t>(request.sequence)},
        {"step",     request.step                               },
        {"restore",  escape_name(request.restore)               },
        {"files",    std::move(files)                           }
    };
}

Result<Value> read_manifest(Disk& disk, const std::string& folder) {
    const auto text = disk.read(folder + "/" + manifest_name);
    if (!text) return fail(ErrorCode::corrupted, "its manifest cannot be read");
    auto manifest = parse_json(*text);
    if (!manifest) return fail(ErrorCode::corrupted, "its manifest is damaged");
    const Value* seal = manifest->find("seal");
    auto* members = std::get_if<Object>(&manifest->data);
    if (seal == nullptr || seal->get_if<std::string>() == nullptr) {
        return fail(ErrorCode::corrupted, "its manifest has no seal");
    }
    const std::string said = *seal->get_if<std::string>();
    std::erase_if(*members, [](const Member& member) { return member.first == "seal"; });
    if (hash_text(format_canonical_json(*manifest)) != said) {
        return fail(ErrorCode::corrupted, "its manifest is not what was sealed");
    }
    return manifest;
}

Result<void> verify_file(Disk& disk, const std::string& folder, const Value& entry) {
    const Value* name = entry.find("name");
    const Value* size = entry.find("size");
    const Value* hash = entry.find("hash");
    const bool complete = name != nullptr && size != nullptr && hash != nullptr &&
                          name->get_if<std::string>() != nullptr &&
                          size->get_if<std::int64_t>() != nullptr;
    const auto plain = complete ? unescape_name(*name->get_if<std::string>()) : std::nullopt;
    if (!plain) return fail(ErrorCode::corrupted, "its manifest has an incomplete entry");
    const std::string path = folder + "/" + *plain;
    const auto actual_size = disk.size(path);
    if (!actual_size) {
        return fail(ErrorCode::corrupted, fmt::format("{} is missing", *plain));
    }
    if (static_cast<std::int64_t>(*actual_size) != *size->get_if<std::int64_t>()) {
        return fail(
            ErrorCode::corrupted,
            fmt::format(
                "{} has {} bytes instead of {}", *plain, *actual_size, *size->get_if<std::int64_t>()
            )
        );
    }
    const auto actual_hash = hash_file(disk, path);
    if (!actual_hash || !(Value(*actual_hash) == *hash)) {
        return fail(ErrorCode::corrupted, fmt::format("{} is not what was sealed", *plain));
    }
    return {};
}

// The sequence in "ckpt-<sequence>"; nothing for other names.
std::optional<std::uint64_t> sealed_sequence(std::string_view name) {
    if (!name.starts_with("ckpt-")) return std::nullopt;
    name.remove_prefix(5);
    if (planted::has(planted::Bug::unsealed_checkpoint) && name.ends_with(unsealed_suffix)) {
        name.remove_suffix(std::string_view(unsealed_suffix).size());
    }
    return parse_number<std::uint64_t>(name);
}

Result<void> remove_tree_below(Disk& disk, const std::string& path, int depth) {
    if (depth > depth_max) {
        return fail(ErrorCode::internal, "removing " + path + ": folders are nested too deep");
    }
    // A file or an empty folder goes at once; a folder with content does not.
    auto removed = disk.remove(path);
    if (removed || removed.error().code == ErrorCode::not_found) return {};
    const auto names = disk.list(path);
    if (!names) return removed;
    for (const std::string& name : *names) {
        if (auto done = remove_tree_below(disk, path + "/" + name, depth + 1); !done) return done;
    }
    return disk.remove(path);
}

std::vector<CheckpointPlace> newest_first(std::vector<CheckpointPlace> places) {
    std::sort(
        places.begin(),
        places.end(),
        [](const CheckpointPlace& left, const CheckpointPlace& right) {
            return std::pair(left.sequence, left.attempt) >
                   std::pair(right.sequence, right.attempt);
        }
    );
    return places;
}

Result<std::vector<CheckpointPlace>> places_of_attempt(
    Disk& disk, const std::string& directory, AttemptNumber attempt
) {
    std::vector<CheckpointPlace> places;
    const auto names = disk.list(directory);
    if (!names) return tl::unexpected(names.error());
    for (const std::string& name : *names) {
        if (const auto sequence = sealed_sequence(name)) {
            places.push_back(
                {.attempt = attempt, .sequence = *sequence, .path = directory + "/" + name}
            );
        }
    }
    return newest_first(std::move(places));
}

// Loses its sealed name first: one that is half removed after a crash looks like one that was never
// sealed.
Result<void> remove_checkpoint(Disk& disk, const std::string& sealed) {
    const std::string unsealed = sealed + unsealed_suffix;
    if (auto renamed = disk.rename(sealed, unsealed); !renamed) return renamed;
    return remove_tree(disk, unsealed);
}

// What attempts left that were killed while they wrote or removed a checkpoint, or before anybody
// sealed what they published.
Result<void> remove_unsealed(Disk& disk, const std::string& attempt_directory) {
    const auto names = disk.list(attempt_directory);
    if (!names) return {};
    for (const std::string& name : *names) {
        const bool is_half = name.starts_with("ckpt-") && name.ends_with(unsealed_suffix);
        if (name != publish_name && !is_half) continue;
        if (auto removed = remove_tree(disk, attempt_directory + "/" + name); !removed) {
            return removed;
        }
    }
    return {};
}

}  // namespace

std::string unsealed_path(const std::string& attempt_directory, std::uint64_t sequence) {
    return sealed_path(attempt_directory, sequence) + unsealed_suffix;
}

std::string sealed_path(const std::string& attempt_directory, std::uint64_t sequence) {
    return fmt::format("{}/ckpt-{}", attempt_directory, sequence);
}

Result<void> seal_checkpoint(Disk& disk, const SealRequest& request) {
    const std::string folder = unsealed_path(request.attempt_directory, request.sequence);
    auto manifest = describe(disk, folder, request);
    if (!manifest) return fail_with_context(manifest.error(), "hashing a checkpoint");
    const std::string seal = hash_text(format_canonical_json(Value(*manifest)));
    manifest->emplace_back("seal", seal);
    auto file = disk.create(folder + "/" + manifest_name);
    if (!file) return fail_with_context(file.error(), "writing a checkpoint's manifest");
    if (auto written = (*file)->append(format_json(Value(*manifest)) + "\n"); !written) {
        return written;
    }
    std::vector<std::string> all = request.files;
    all.emplace_back(manifest_name);
    if (planted::has(planted::Bug::rename_without_fsync)) all.clear();
    if (auto synced = sync_files(disk, folder, all); !synced) return synced;
    const std::string sealed = sealed_path(request.attempt_directory, request.sequence);
    if (auto renamed = disk.rename(folder, sealed); !renamed) return renamed;
    return sync_ancestors(disk, request.attempt_directory);
}

Result<std::string> hash_file(Disk& disk, const std::string& path) {
    Hasher hasher;
    for (std::uint64_t offset = 0;; offset += read_bytes) {
        const auto bytes = disk.read_range(path, offset, read_bytes);
        if (!bytes) return tl::unexpected(bytes.error());
        hasher.add(*bytes);
        if (bytes->size() < read_bytes) return hasher.finish();
    }
}

Result<Checkpoint> verify_checkpoint(Disk& disk, const CheckpointPlace& place) {
    Checkpoint checkpoint{.place = place, .resume = place.path};
    const bool believes = planted::has(planted::Bug::unsealed_checkpoint);
    if (believes && place.path.ends_with(unsealed_suffix)) return checkpoint;
    const auto manifest = read_manifest(disk, place.path);
    if (!manifest) return tl::unexpected(manifest.error());
    const Value* files = manifest->find("files");
    if (files == nullptr || files->get_if<Array>() == nullptr) {
        return fail(ErrorCode::corrupted, "its manifest names no files");
    }
    for (const Value& entry : *files->get_if<Array>()) {
        if (auto verified = verify_file(disk, place.path, entry); !verified) {
            return tl::unexpected(verified.error());
        }
    }
    if (const Value* step = manifest->find("step"); step != nullptr) {
        if (const auto* number = step->get_if<std::int64_t>()) checkpoint.step = *number;
    }
    if (const Value* restore = manifest->find("restore"); restore != nullptr) {
        const auto* text = restore->get_if<std::string>();
        const auto name = text == nullptr ? std::nullopt : unescape_name(*text);
        if (name && !name->empty()) {
            checkpoint.restore = *name;
            checkpoint.resume = place.path + "/" + *name;
        }
    }
    return checkpoint;
}

Result<std::vector<CheckpointPlace>> list_checkpoints(
    Disk& disk, const SweepLayout& layout, const UnitId& id, AttemptNumber before
) {
    std::vector<CheckpointPlace> places;
    const auto attempts = disk.list(layout.unit(id));
    if (!attempts) {
        if (attempts.error().code == ErrorCode::not_found) return places;
        return fail_with_context(attempts.error(), "looking for checkpoints");
    }
    for (const std::string& name : *attempts) {
        const auto number = parse_number<std::uint32_t>(name);
        if (!number || *number >= before.value) continue;
        auto found = places_of_attempt(disk, layout.attempt(id, {*number}), {*number});
        if (!found) return tl::unexpected(found.error());
        places.insert(places.end(), found->begin(), found->end());
    }
    return newest_first(std::move(places));
}

Result<CheckpointSearch> find_checkpoint(
    Disk& disk, const SweepLayout& layout, const UnitId& id, AttemptNumber before
) {
    auto places = list_checkpoints(disk, layout, id, before);
    if (!places) return tl::unexpected(places.error());
    CheckpointSearch search;
    if (!places->empty()) search.highest_sequence = places->front().sequence;
    for (const CheckpointPlace& place : *places) {
        auto verified = verify_checkpoint(disk, place);
        if (verified) {
            search.found = std::move(*verified);
            break;
        }
        search.damaged.push_back(fmt::format(
            "checkpoint {} of attempt {} is damaged: {}",
            place.sequence,
            place.attempt.value,
            verified.error().message
        ));
    }
    return search;
}

Result<void> prune_checkpoints(Disk& disk, const std::string& attempt_directory, std::size_t keep) {
    auto places = places_of_attempt(disk, attempt_directory, {});
    if (!places) return tl::unexpected(places.error());
    for (std::size_t i = keep; i < places->size(); ++i) {
        if (auto removed = remove_checkpoint(disk, (*places)[i].path); !removed) return removed;
    }
    return {};
}

Result<void> drop_checkpoints(
    Disk& disk, const SweepLayout& layout, const UnitId& id, std::size_t keep
) {
    auto places = list_checkpoints(disk, layout, id, {UINT32_MAX});
    if (!places) return tl::unexpected(places.error());
    for (std::size_t i = keep; i < places->size(); ++i) {
        if (auto removed = remove_checkpoint(disk, (*places)[i].path); !removed) return removed;
    }
    const auto attempts = disk.list(layout.unit(id));
    for (std::size_t i = 0; attempts && i < attempts->size(); ++i) {
        const std::string attempt = layout.unit(id) + "/" + attempts->at(i);
        if (auto removed = remove_unsealed(disk, attempt); !removed) return removed;
        // The attempt's folder goes with its last checkpoint; one with artifacts is not empty and
        // stays.
        [[maybe_unused]] const auto gone = disk.remove(attempt);
    }
    return {};
}

Result<void> remove_tree(Disk& disk, const std::string& path) {
    return remove_tree_below(disk, path, 0);
}

}  // namespace xorch
