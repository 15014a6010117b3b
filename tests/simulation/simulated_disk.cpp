#include "tests/simulation/simulated_disk.h"

#include <algorithm>
#include <utility>

namespace xorch::simulation {

namespace {

std::string parent_of(const std::string& path) {
    return path.substr(0, path.find_last_of('/'));
}

tl::unexpected<Error> missing(const std::string& path) {
    return fail(ErrorCode::not_found, path + ": no such file or directory");
}

}  // namespace

// shared_ptr for the inode: an open file outlives its name.
class SimulatedFile final : public AppendFile {
 public:
    SimulatedFile(DiskView& view, std::shared_ptr<Inode> inode)
        : view_(view), inode_(std::move(inode)) {}

    Result<void> append(std::string_view bytes) override;
    Result<void> sync() override;

 private:
    void write(std::string_view bytes) {
        inode_->bytes += bytes;
        inode_->writer = view_.host_;
    }

    DiskView& view_;
    std::shared_ptr<Inode> inode_;
    bool sync_failed_ = false;
};

Result<void> SimulatedFile::append(std::string_view bytes) {
    if (auto here = view_.alive(); !here) return here;
    const DiskView::Step step = view_.step();
    const bool whole = step == DiskView::Step::go || step == DiskView::Step::die_after;
    write(whole ? bytes : bytes.substr(0, view_.dice_.below(bytes.size() + 1)));
    return step == DiskView::Step::go ? Result<void>() : view_.failed();
}

Result<void> SimulatedFile::sync() {
    if (auto here = view_.alive(); !here) return here;
    const DiskView::Step step = view_.step();
    if (step == DiskView::Step::fail) {
        // The kernel reports the failure once and marks the pages clean: whatever the disk holds, a
        // second sync would succeed.
        sync_failed_ = true;
        return view_.failed();
    }
    if (step == DiskView::Step::die_before) return view_.failed();
    if (!sync_failed_) inode_->durable = inode_->bytes.size();
    return step == DiskView::Step::go ? Result<void>() : view_.failed();
}

void SimulatedDisk::crash_host(std::uint32_t host) {
    for (auto& [directory, changes] : unsynced_names_) {
        const bool lost = dice_.chance(0.5);
        for (auto change = changes.rbegin(); lost && change != changes.rend(); ++change) {
            if (change->host != host) continue;
            if (change->before) {
                names_[change->path] = change->before;
            } else {
                names_.erase(change->path);
            }
        }
        std::erase_if(changes, [host](const Change& change) { return change.host == host; });
    }
    std::set<Inode*> seen;
    for (auto& [path, inode] : names_) {
        if (inode->writer != host || !seen.insert(inode.get()).second) continue;
        const std::size_t loose = inode->bytes.size() - inode->durable;
        if (loose == 0) continue;
        inode->bytes.resize(inode->durable + dice_.below(loose + 1));
        inode->durable = inode->bytes.size();
    }
}

std::string SimulatedDisk::damage_below(const std::string& prefix) {
    std::vector<std::string> files;
    for (auto name = names_.lower_bound(prefix); name != names_.end(); ++name) {
        if (!name->first.starts_with(prefix)) break;
        if (name->first.find(".tmp") != std::string::npos) continue;
        if (!name->second->bytes.empty()) files.push_back(name->first);
    }
    if (files.empty()) return {};
    std::string path = files[dice_.below(files.size())];
    Inode& file = *names_.at(path);
    const std::size_t place = dice_.below(file.bytes.size());
    if (dice_.chance(0.5)) {
        file.bytes[place] = static_cast<char>(file.bytes[place] ^ (1 << dice_.below(8)));
    } else {
        file.bytes.resize(place);
        file.durable = std::min(file.durable, place);
    }
    return path;
}

void SimulatedDisk::set_name(
    const std::string& path, std::shared_ptr<Inode> inode, std::uint32_t host
) {
    const auto known = names_.find(path);
    unsynced_names_[parent_of(path)].push_back(
        {.path = path, .before = known == names_.end() ? nullptr : known->second, .host = host}
    );
    if (inode) {
        names_[path] = std::move(inode);
    } else {
        names_.erase(path);
    }
}

bool SimulatedDisk::is_directory(const std::string& path) const {
    return directories_.contains(path);
}

DiskView::Step DiskView::step() {
    ++writes_;
    if (!fault_) return Step::go;
    if (fault_->after_writes > 0) {
        --fault_->after_writes;
        return Step::go;
    }
    if (fault_->kind == DiskFault::Kind::die) {
        dead_ = true;
        return dice_.chance(0.5) ? Step::die_before : Step::die_after;
    }
    if (fault_->repeats-- == 0) {
        fault_.reset();
        return Step::go;
    }
    return Step::fail;
}

Result<void> DiskView::alive() const {
    if (dead_) return fail(ErrorCode::internal, "this process is dead");
    return {};
}

Result<void> DiskView::failed() const {
    if (dead_) return fail(ErrorCode::internal, "this process died");
    return fail(fault_ ? fault_->code : ErrorCode::unavailable, "the disk failed");
}

Result<std::shared_ptr<Inode>> DiskView::find(const std::string& path) const {
    if (auto here = alive(); !here) return tl::unexpected(here.error());
    const auto found = disk_.names_.find(path);
    if (found == disk_.names_.end()) return missing(path);
    return found->second;
}

Result<std::unique_ptr<AppendFile>> DiskView::create(const std::string& path) {
    if (auto here = alive(); !here) return tl::unexpected(here.error());
    if (!disk_.is_directory(parent_of(path))) return missing(path);
    if (disk_.names_.contains(path)) return fail(ErrorCode::conflict, path + ": exists");
    const Step next = step();
    if (next == Step::go || next == Step::die_after) {
        auto inode = std::make_shared<Inode>();
        inode->writer = host_;
        disk_.set_name(path, inode, host_);
        if (next == Step::go) return std::make_unique<SimulatedFile>(*this, std::move(inode));
    }
    return tl::unexpected(failed().error());
}

Result<std::unique_ptr<AppendFile>> DiskView::open_append(const std::string& path) {
    auto inode = find(path);
    if (!inode) return tl::unexpected(inode.error());
    return std::make_unique<SimulatedFile>(*this, std::move(*inode));
}

Result<std::string> DiskView::read(const std::string& path) {
    auto inode = find(path);
    if (!inode) return tl::unexpected(inode.error());
    return (*inode)->bytes;
}

Result<std::string> DiskView::read_range(
    const std::string& path, std::uint64_t offset, std::uint64_t size
) {
    auto inode = find(path);
    if (!inode) return tl::unexpected(inode.error());
    if (offset >= (*inode)->bytes.size()) return std::string();
    return (*inode)->bytes.substr(offset, size);
}

Result<std::uint64_t> DiskView::size(const std::string& path) {
    auto inode = find(path);
    if (!inode) return tl::unexpected(inode.error());
    return (*inode)->bytes.size();
}

Result<std::vector<std::string>> DiskView::list(const std::string& directory) {
    if (auto here = alive(); !here) return tl::unexpected(here.error());
    if (!disk_.is_directory(directory)) return missing(directory);
    const std::string prefix = directory + "/";
    std::set<std::string> names;
    for (auto name = disk_.names_.lower_bound(prefix); name != disk_.names_.end(); ++name) {
        if (!name->first.starts_with(prefix)) break;
        if (name->first.find('/', prefix.size()) != std::string::npos) continue;
        names.insert(name->first.substr(prefix.size()));
    }
    for (auto name = disk_.directories_.lower_bound(prefix); name != disk_.directories_.end();
         ++name) {
        if (!name->starts_with(prefix)) break;
        if (name->find('/', prefix.size()) != std::string::npos) continue;
        names.insert(name->substr(prefix.size()));
    }
    return std::vector<std::string>(names.begin(), names.end());
}

Result<bool> DiskView::exists(const std::string& path) {
    if (auto here = alive(); !here) return tl::unexpected(here.error());
    return disk_.names_.contains(path) || disk_.is_directory(path);
}

Result<void> DiskView::make_directory(const std::string& path) {
    if (auto here = alive(); !here) return here;
    if (disk_.is_directory(path)) return {};
    const Step next = step();
    if (next == Step::go || next == Step::die_after) disk_.directories_.insert(path);
    return next == Step::go ? Result<void>() : failed();
}

Result<void> DiskView::rename(const std::string& from, const std::string& to) {
    if (auto here = alive(); !here) return here;
    const bool directory = disk_.is_directory(from);
    if (!directory && !disk_.names_.contains(from)) return missing(from);
    const Step next = step();
    if (next == Step::fail || next == Step::die_before) return failed();
    if (!directory) {
        auto inode = disk_.names_.at(from);
        disk_.set_name(to, std::move(inode), host_);
        disk_.set_name(from, nullptr, host_);
    } else {
        // A directory's entries move with it. Whether the move survives is one question, so it is
        // answered as for a synced one: what matters to checkpoints is the content of their files.
        const std::string prefix = from + "/";
        std::vector<std::pair<std::string, std::shared_ptr<Inode>>> moved;
        for (auto name = disk_.names_.lower_bound(prefix); name != disk_.names_.end();) {
            if (!name->first.starts_with(prefix)) break;
            moved.emplace_back(to + "/" + name->first.substr(prefix.size()), name->second);
            name = disk_.names_.erase(name);
        }
        for (auto& [path, inode] : moved) {
            disk_.names_[path] = std::move(inode);
        }
        disk_.unsynced_names_.erase(from);
        disk_.directories_.erase(from);
        disk_.directories_.insert(to);
    }
    return next == Step::go ? Result<void>() : failed();
}

Result<bool> DiskView::link(const std::string& from, const std::string& to) {
    auto inode = find(from);
    if (!inode) return tl::unexpected(inode.error());
    if (disk_.names_.contains(to)) return false;
    const Step next = step();
    if (next == Step::fail || next == Step::die_before) return tl::unexpected(failed().error());
    ++(*inode)->links;
    disk_.set_name(to, std::move(*inode), host_);
    if (next == Step::die_after) return tl::unexpected(failed().error());
    return true;
}

Result<void> DiskView::remove(const std::string& path) {
    if (auto here = alive(); !here) return here;
    const bool directory = disk_.is_directory(path);
    if (!directory && !disk_.names_.contains(path)) return missing(path);
    if (directory && !list(path)->empty()) {
        return fail(ErrorCode::internal, path + ": directory not empty");
    }
    const Step next = step();
    if (next == Step::fail || next == Step::die_before) return failed();
    if (directory) {
        disk_.directories_.erase(path);
    } else {
        disk_.set_name(path, nullptr, host_);
    }
    return next == Step::go ? Result<void>() : failed();
}

Result<void> DiskView::sync_directory(const std::string& path) {
    if (auto here = alive(); !here) return here;
    const Step next = step();
    if (next == Step::fail || next == Step::die_before) return failed();
    disk_.unsynced_names_.erase(path);
    return next == Step::go ? Result<void>() : failed();
}

const Inode* DurableDisk::find(const std::string& path) const {
    const auto changes = disk_.unsynced_names_.find(parent_of(path));
    if (changes != disk_.unsynced_names_.end()) {
        for (const SimulatedDisk::Change& change : changes->second) {
            if (change.path == path) return change.before.get();
        }
    }
    const auto found = disk_.names_.find(path);
    return found == disk_.names_.end() ? nullptr : found->second.get();
}

Result<std::string> DurableDisk::read(const std::string& path) {
    return read_range(path, 0, std::string::npos);
}

Result<std::string> DurableDisk::read_range(
    const std::string& path, std::uint64_t offset, std::uint64_t size
) {
    const Inode* inode = find(path);
    if (inode == nullptr) return missing(path);
    if (offset >= inode->durable) return std::string();
    return inode->bytes.substr(offset, std::min<std::uint64_t>(size, inode->durable - offset));
}

Result<std::uint64_t> DurableDisk::size(const std::string& path) {
    const Inode* inode = find(path);
    if (inode == nullptr) return missing(path);
    return inode->durable;
}

Result<std::vector<std::string>> DurableDisk::list(const std::string& directory) {
    const std::string prefix = directory + "/";
    std::set<std::string> names;
    const auto look = [&](const std::string& path) {
        if (!path.starts_with(prefix) || path.find('/', prefix.size()) != std::string::npos) return;
        if (find(path) != nullptr) names.insert(path.substr(prefix.size()));
    };
    for (auto name = disk_.names_.lower_bound(prefix); name != disk_.names_.end(); ++name) {
        if (!name->first.starts_with(prefix)) break;
        look(name->first);
    }
    if (const auto changes = disk_.unsynced_names_.find(directory);
        changes != disk_.unsynced_names_.end()) {
        for (const SimulatedDisk::Change& change : changes->second) {
            look(change.path);
        }
    }
    return std::vector<std::string>(names.begin(), names.end());
}

Result<bool> DurableDisk::exists(const std::string& path) {
    return find(path) != nullptr;
}

Result<std::unique_ptr<AppendFile>> DurableDisk::create(const std::string& path) {
    return missing(path);
}

Result<std::unique_ptr<AppendFile>> DurableDisk::open_append(const std::string& path) {
    return missing(path);
}

Result<void> DurableDisk::make_directory(const std::string& path) {
    return missing(path);
}

Result<void> DurableDisk::rename(const std::string& from, const std::string&) {
    return missing(from);
}

Result<bool> DurableDisk::link(const std::string& from, const std::string&) {
    return missing(from);
}

Result<void> DurableDisk::remove(const std::string& path) {
    return missing(path);
}

Result<void> DurableDisk::sync_directory(const std::string& path) {
    return missing(path);
}

}  // namespace xorch::simulation
