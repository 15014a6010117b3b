#include "worker/attempt/storage/artifact_seal.h"

#include "core/hash.h"
#include "core/io/posix_disk.h"
#include "worker/attempt/storage/file_tree.h"
#include "worker/checkpoint_store.h"

namespace xorch {

namespace {

Result<std::string> hash_artifacts(Disk& disk, const std::string& folder) {
    const auto files = files_below(folder);
    if (!files) return tl::unexpected(files.error());
    Hasher hasher;
    for (const TreeFile& file : *files) {
        const auto contents = hash_file(disk, folder + "/" + file.name);
        if (!contents) return contents;
        // No name has a zero byte, and every hash is as long: nothing can be read in two ways.
        hasher.add(file.name);
        hasher.add(std::string_view("\0", 1));
        hasher.add(*contents);
    }
    return hasher.finish();
}

}  // namespace

std::string artifact_seal(const std::string& folder) {
    return folder + ".hash";
}

Result<void> seal_artifacts(const std::string& folder) {
    PosixDisk disk;
    const auto hash = hash_artifacts(disk, folder);
    if (!hash && hash.error().code == ErrorCode::invalid_input) return {};
    if (!hash) return tl::unexpected(hash.error());
    auto file = disk.create(artifact_seal(folder));
    if (!file) return tl::unexpected(file.error());
    return (*file)->append(*hash + "\n");
}

bool are_whole(const std::string& folder) {
    PosixDisk disk;
    const auto seal = disk.read(artifact_seal(folder));
    if (!seal) return has_entries(folder);
    const auto hash = hash_artifacts(disk, folder);
    return hash && *hash + "\n" == *seal;
}

}  // namespace xorch
