#include "worker/attempt/storage/artifact_seal.h"

#include "core/hash.h"
#include "core/io/posix_disk.h"
#include "worker/attempt/storage/file_tree.h"
#include "worker/checkpoint_store.h"

namespace xorch {

namespace {

// Of contents, in the order of names; about two seconds of hashing. What does not fit is known by
// its size: nobody waits for terabytes to be read again.
constexpr std::uint64_t hashed_bytes_max = 1ULL << 30U;

Result<std::string> hash_artifacts(Disk& disk, const std::string& folder) {
    const auto files = files_below(folder);
    if (!files) return tl::unexpected(files.error());
    Hasher hasher;
    std::uint64_t left = hashed_bytes_max;
    for (const TreeFile& file : *files) {
        // No name has a zero byte, and a size ends with one: nothing can be read in two ways.
        hasher.add(file.name);
        hasher.add(std::string_view("\0", 1));
        hasher.add(std::to_string(file.size));
        hasher.add(std::string_view("\0", 1));
        if (file.size > left) continue;
        left -= file.size;
        const auto contents = hash_file(disk, folder + "/" + file.name);
        if (!contents) return contents;
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
