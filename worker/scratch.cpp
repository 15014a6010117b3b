#include "worker/scratch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

#include "worker/os/private_folder.h"

namespace xorch {

namespace {

std::string scratch_root() {
    const char* temporary = std::getenv("TMPDIR");
    const std::string base =
        temporary != nullptr && temporary[0] == '/' ? std::string(temporary) : "/tmp";
    return fmt::format("{}/xorch-{}", base, getuid());
}

std::string scratch_path(ProcessName keeper, IncarnationId incarnation) {
    return fmt::format(
        "{}/{}-{}-{}", scratch_root(), keeper.pid, keeper.started, format_incarnation(incarnation)
    );
}

std::optional<ProcessName> owner_of(std::string_view name) {
    ProcessName owner;
    const char* end = name.data() + name.size();
    const auto pid = std::from_chars(name.data(), end, owner.pid);
    if (pid.ec != std::errc{} || pid.ptr == end || *pid.ptr != '-') return std::nullopt;
    const auto started = std::from_chars(pid.ptr + 1, end, owner.started);
    if (started.ec != std::errc{} || started.ptr == end || *started.ptr != '-') return std::nullopt;
    return owner;
}

}  // namespace

Result<std::string> make_scratch(ProcessName keeper, IncarnationId incarnation) {
    if (auto root = make_private_folder(scratch_root()); !root) return tl::unexpected(root.error());
    std::string path = scratch_path(keeper, incarnation);
    if (auto made = make_private_folder(path); !made) return tl::unexpected(made.error());
    return path;
}

void remove_scratch(ProcessName keeper, IncarnationId incarnation) {
    std::error_code ignored;  // what cannot be removed is tried again by the next keeper
    std::filesystem::remove_all(scratch_path(keeper, incarnation), ignored);
}

void remove_orphaned_scratch() {
    std::error_code error;
    std::filesystem::directory_iterator entry(scratch_root(), error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        const auto owner = owner_of(entry->path().filename().string());
        if (!owner) continue;
        const auto lives = name_process(owner->pid);
        if (lives && *lives == *owner) continue;
        std::error_code ignored;
        std::filesystem::remove_all(entry->path(), ignored);
    }
}

}  // namespace xorch
