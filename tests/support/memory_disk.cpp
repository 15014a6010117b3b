#include "tests/support/memory_disk.h"

namespace xorch {

namespace {

std::string directory_of(const std::string& path) {
    return path.substr(0, path.find_last_of('/'));
}

}  // namespace

class MemoryDisk::File final : public AppendFile {
 public:
    explicit File(std::shared_ptr<Content> content) : content_(std::move(content)) {}

    Result<void> append(std::string_view bytes) override {
        content_->bytes.append(bytes);
        return {};
    }

    Result<void> sync() override {
        content_->durable = content_->bytes;
        return {};
    }

 private:
    std::shared_ptr<Content> content_;
};

Result<std::shared_ptr<MemoryDisk::Content>> MemoryDisk::find(const std::string& path) const {
    const auto found = names_.find(path);
    if (found == names_.end()) return fail(ErrorCode::not_found, "no file " + path);
    return found->second;
}

Result<std::unique_ptr<AppendFile>> MemoryDisk::create(const std::string& path) {
    const auto [entry, made] = names_.emplace(path, nullptr);
    if (!made) return fail(ErrorCode::conflict, path + " exists");
    entry->second = std::make_shared<Content>();
    return std::make_unique<File>(entry->second);
}

Result<std::unique_ptr<AppendFile>> MemoryDisk::open_append(const std::string& path) {
    auto file = find(path);
    if (!file) return tl::unexpected(file.error());
    return std::make_unique<File>(*file);
}

Result<std::string> MemoryDisk::read(const std::string& path) {
    const auto file = find(path);
    if (!file) return tl::unexpected(file.error());
    return (*file)->bytes;
}

Result<std::string> MemoryDisk::read_range(
    const std::string& path, std::uint64_t offset, std::uint64_t size
) {
    const auto file = find(path);
    if (!file) return tl::unexpected(file.error());
    const std::string& bytes = (*file)->bytes;
    return offset >= bytes.size() ? std::string() : bytes.substr(offset, size);
}

Result<std::uint64_t> MemoryDisk::size(const std::string& path) {
    const auto file = find(path);
    if (!file) return tl::unexpected(file.error());
    return (*file)->bytes.size();
}

Result<std::vector<std::string>> MemoryDisk::list(const std::string& directory) {
    std::vector<std::string> found;
    for (const auto& [path, content] : names_) {
        if (directory_of(path) == directory) found.push_back(path.substr(directory.size() + 1));
    }
    return found;
}

Result<bool> MemoryDisk::exists(const std::string& path) {
    return names_.contains(path);
}

Result<void> MemoryDisk::make_directory(const std::string&) {
    return {};
}

Result<void> MemoryDisk::rename(const std::string& from, const std::string& to) {
    const auto file = find(from);
    if (!file) return tl::unexpected(file.error());
    names_[to] = *file;
    names_.erase(from);
    return {};
}

Result<bool> MemoryDisk::link(const std::string& from, const std::string& to) {
    const auto file = find(from);
    if (!file) return tl::unexpected(file.error());
    return names_.emplace(to, *file).second;
}

Result<void> MemoryDisk::remove(const std::string& path) {
    if (names_.erase(path) == 1) return {};
    return fail(ErrorCode::not_found, "no file " + path);
}

Result<void> MemoryDisk::sync_directory(const std::string& path) {
    const auto is_here = [&](const auto& entry) { return directory_of(entry.first) == path; };
    std::erase_if(durable_names_, is_here);
    for (const auto& entry : names_) {
        if (is_here(entry)) durable_names_.insert(entry);
    }
    return {};
}

void MemoryDisk::crash(std::mt19937_64& random) {
    std::map<const Content*, std::shared_ptr<Content>> survivors;
    for (auto& [path, content] : durable_names_) {
        auto& survivor = survivors[content.get()];
        if (!survivor) {
            const std::size_t lost = content->bytes.size() - content->durable.size();
            const std::size_t kept = content->durable.size() + random() % (lost + 1);
            const std::string bytes = content->bytes.substr(0, kept);
            survivor = std::make_shared<Content>(Content{bytes, bytes});
        }
        content = survivor;
    }
    names_ = durable_names_;
}

std::string& MemoryDisk::content(const std::string& path) {
    const auto file = find(path);
    XORCH_CHECK(file.has_value(), "a test damages a file that does not exist: " + path);
    return (*file)->bytes;
}

}  // namespace xorch
