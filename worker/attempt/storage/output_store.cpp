#include "worker/attempt/storage/output_store.h"

#include <fmt/format.h>

#include "core/output_pack.h"

namespace xorch {

namespace {

constexpr std::uint64_t copy_bytes = 1U << 20U;

}  // namespace

OutputStore::OutputStore(Disk& disk, SweepLayout layout, IncarnationId incarnation)
    : disk_(&disk), layout_(std::move(layout)), incarnation_(incarnation) {}

Result<void> OutputStore::append_live(
    const UnitId& id, AttemptNumber attempt, std::string_view bytes
) {
    if (auto made = disk_->make_directory(layout_.logs()); !made) return made;
    const std::string path = layout_.live_output(id, attempt);
    auto file = disk_->create(path);
    if (!file && file.error().code == ErrorCode::conflict) file = disk_->open_append(path);
    if (!file) return tl::unexpected(file.error());
    return (*file)->append(bytes);
}

Result<OutputLocation> OutputStore::store(const Ended& ended) {
    if (auto opened = open_pack(); !opened) return tl::unexpected(opened.error());
    const std::string title =
        fmt::format("== {} attempt {}\n", format_unit_id(ended.id), ended.attempt.value);
    if (auto done = append(title); !done) return tl::unexpected(done.error());
    OutputLocation location{.pack = pack_name(incarnation_, number_), .offset = size_, .length = 0};
    if (ended.has_live_file) {
        const std::string live = layout_.live_output(ended.id, ended.attempt);
        if (auto done = append_file(live); !done) return tl::unexpected(done.error());
        auto removed = disk_->remove(live);
        if (!removed && removed.error().code != ErrorCode::not_found) {
            return tl::unexpected(removed.error());
        }
    }
    if (auto done = append(ended.rest.pending); !done) return tl::unexpected(done.error());
    if (ended.rest.left_out > 0) {
        const std::string gap = fmt::format(
            "\n[xorch: {} bytes are left out here (limits.output)]\n", ended.rest.left_out
        );
        if (auto done = append(gap); !done) return tl::unexpected(done.error());
    }
    if (auto done = append(ended.rest.tail); !done) return tl::unexpected(done.error());
    location.length = size_ - location.offset;
    if (auto done = append("\n"); !done) return tl::unexpected(done.error());
    return location;
}

Result<void> OutputStore::open_pack() {
    if (pack_ && size_ < pack_bytes_max) return {};
    if (auto made = disk_->make_directory(layout_.logs()); !made) return made;
    ++number_;
    auto file = disk_->create(layout_.logs() + "/" + pack_name(incarnation_, number_));
    if (!file) return fail_with_context(file.error(), "beginning an output pack");
    pack_ = std::move(*file);
    size_ = 0;
    return {};
}

Result<void> OutputStore::append(std::string_view bytes) {
    if (bytes.empty()) return {};
    if (auto done = pack_->append(bytes); !done) {
        // Its end is unknown now: go on in a new pack.
        pack_.reset();
        return done;
    }
    size_ += bytes.size();
    return {};
}

Result<void> OutputStore::append_file(const std::string& path) {
    for (std::uint64_t offset = 0;; offset += copy_bytes) {
        auto bytes = disk_->read_range(path, offset, copy_bytes);
        // It could not be made when there was something to write: only that part is lost.
        if (!bytes && bytes.error().code == ErrorCode::not_found) return {};
        if (!bytes) return tl::unexpected(bytes.error());
        if (auto done = append(*bytes); !done) return done;
        if (bytes->size() < copy_bytes) return {};
    }
}

}  // namespace xorch
