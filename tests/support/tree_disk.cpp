#include "tests/support/tree_disk.h"

namespace xorch {

struct TreeDisk::Node {
    bool is_folder = false;
    std::string bytes;
    std::string durable_bytes;
    std::map<std::string, NodePointer> names;
    std::map<std::string, NodePointer> durable_names;
};

class TreeDisk::File final : public AppendFile {
 public:
    File(TreeDisk& disk, NodePointer node) : disk_(&disk), node_(std::move(node)) {}

    Result<void> append(std::string_view bytes) override {
        if (auto alive = disk_->change(); !alive) return alive;
        node_->bytes.append(bytes);
        return {};
    }

    Result<void> sync() override {
        if (auto alive = disk_->change(); !alive) return alive;
        node_->durable_bytes = node_->bytes;
        return {};
    }

 private:
    TreeDisk* disk_;
    NodePointer node_;
};

namespace {

std::string name_of(const std::string& path) {
    return path.substr(path.find_last_of('/') + 1);
}

tl::unexpected<Error> missing(const std::string& path) {
    return fail(ErrorCode::not_found, "nothing is at " + path);
}

}  // namespace

TreeDisk::TreeDisk() : root_(std::make_shared<Node>(Node{.is_folder = true})) {}

TreeDisk::~TreeDisk() = default;

Result<void> TreeDisk::change() {
    if (operations_left_ == 0) return fail(ErrorCode::internal, "the process is dead");
    if (operations_left_ > 0) --operations_left_;
    return {};
}

TreeDisk::NodePointer TreeDisk::find(const std::string& path) const {
    NodePointer node = root_;
    for (std::size_t begin = 1; begin < path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const auto found = node->names.find(path.substr(begin, end - begin));
        if (found == node->names.end()) return nullptr;
        node = found->second;
        begin = end + 1;
    }
    return node;
}

Result<TreeDisk::NodePointer> TreeDisk::folder_of(const std::string& path) const {
    NodePointer folder = find(path.substr(0, path.find_last_of('/')));
    if (!folder || !folder->is_folder) return missing(path);
    return folder;
}

Result<std::unique_ptr<AppendFile>> TreeDisk::create(const std::string& path) {
    if (auto alive = change(); !alive) return tl::unexpected(alive.error());
    const auto folder = folder_of(path);
    if (!folder) return tl::unexpected(folder.error());
    const auto [entry, made] = (*folder)->names.emplace(name_of(path), std::make_shared<Node>());
    if (!made) return fail(ErrorCode::conflict, path + " exists");
    return std::make_unique<File>(*this, entry->second);
}

Result<std::unique_ptr<AppendFile>> TreeDisk::open_append(const std::string& path) {
    NodePointer node = find(path);
    if (!node || node->is_folder) return missing(path);
    return std::make_unique<File>(*this, std::move(node));
}

Result<std::string> TreeDisk::read(const std::string& path) {
    const NodePointer node = find(path);
    if (!node || node->is_folder) return missing(path);
    return node->bytes;
}

Result<std::string> TreeDisk::read_range(
    const std::string& path, std::uint64_t offset, std::uint64_t size
) {
    auto bytes = read(path);
    if (!bytes) return bytes;
    return offset >= bytes->size() ? std::string() : bytes->substr(offset, size);
}

Result<std::uint64_t> TreeDisk::size(const std::string& path) {
    const NodePointer node = find(path);
    if (!node) return missing(path);
    return node->bytes.size();
}

Result<std::vector<std::string>> TreeDisk::list(const std::string& directory) {
    const NodePointer node = find(directory);
    if (!node) return missing(directory);
    if (!node->is_folder) return fail(ErrorCode::internal, directory + " is no folder");
    std::vector<std::string> names;
    for (const auto& [name, child] : node->names)
        names.push_back(name);
    return names;
}

Result<bool> TreeDisk::exists(const std::string& path) {
    return find(path) != nullptr;
}

Result<void> TreeDisk::make_directory(const std::string& path) {
    if (auto alive = change(); !alive) return alive;
    const auto folder = folder_of(path);
    if (!folder) return tl::unexpected(folder.error());
    (*folder)->names.emplace(name_of(path), std::make_shared<Node>(Node{.is_folder = true}));
    return {};
}

Result<void> TreeDisk::rename(const std::string& from, const std::string& to) {
    if (auto alive = change(); !alive) return alive;
    const NodePointer node = find(from);
    const auto source = folder_of(from);
    const auto target = folder_of(to);
    if (!node || !source || !target) return missing(from);
    (*source)->names.erase(name_of(from));
    (*target)->names[name_of(to)] = node;
    return {};
}

Result<bool> TreeDisk::link(const std::string& from, const std::string& to) {
    if (auto alive = change(); !alive) return tl::unexpected(alive.error());
    const NodePointer node = find(from);
    const auto folder = folder_of(to);
    if (!node || !folder) return missing(from);
    return (*folder)->names.emplace(name_of(to), node).second;
}

Result<void> TreeDisk::remove(const std::string& path) {
    if (auto alive = change(); !alive) return alive;
    const NodePointer node = find(path);
    if (!node) return missing(path);
    if (!node->names.empty()) return fail(ErrorCode::internal, path + " is not empty");
    (*folder_of(path))->names.erase(name_of(path));
    return {};
}

Result<void> TreeDisk::sync_directory(const std::string& path) {
    if (auto alive = change(); !alive) return alive;
    const NodePointer node = find(path);
    if (!node) return missing(path);
    node->durable_names = node->names;
    return {};
}

void TreeDisk::crash_below(Node& node, std::mt19937_64& random) {
    node.names = node.durable_names;
    const bool grew = node.bytes.size() > node.durable_bytes.size();
    if (grew) {
        const std::size_t lost = node.bytes.size() - node.durable_bytes.size();
        node.bytes.resize(node.durable_bytes.size() + random() % (lost + 1));
        node.durable_bytes = node.bytes;
    }
    for (const auto& [name, child] : node.names)
        crash_below(*child, random);
}

void TreeDisk::crash(std::mt19937_64& random) {
    operations_left_ = -1;
    crash_below(*root_, random);
}

std::string& TreeDisk::content(const std::string& path) {
    const NodePointer node = find(path);
    XORCH_CHECK(node != nullptr, "a test damages a file that does not exist: " + path);
    return node->bytes;
}

}  // namespace xorch
