#pragma once

// A shared file system in memory, with what survives a power cut kept apart from what processes
// see. Every process looks at it through a DiskView of its own, which knows the host that it runs
// on (a host that dies takes its unsynced writes along) and can be told to die in the middle of an
// operation or to fail one. Bytes appended survive up to the last sync; of the rest a random prefix
// does. Names survive once their directory was synced; of later changes all or none, by directory.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/disk.h"
#include "tests/simulation/dice.h"

namespace xorch::simulation {

struct Inode {
    std::string bytes;
    std::size_t durable = 0;   // bytes that survive; files only grow
    std::uint32_t writer = 0;  // host
    int links = 1;
};

class SimulatedDisk {
 public:
    explicit SimulatedDisk(Dice dice) : dice_(dice) {}

    // The host lost power: what its processes did not sync is gone, or torn.
    void crash_host(std::uint32_t host);

    // Flips one byte of, or truncates, a sealed file below `prefix`; returns its path, or nothing
    // if there is none.
    std::string damage_below(const std::string& prefix);

 private:
    friend class DiskView;
    friend class DurableDisk;
    friend class SimulatedFile;

    struct Change {
        std::string path;
        std::shared_ptr<Inode> before;  // null = the name was not there
        std::uint32_t host = 0;
    };

    void set_name(const std::string& path, std::shared_ptr<Inode> inode, std::uint32_t host);
    bool is_directory(const std::string& path) const;

    Dice dice_;
    // shared_ptr because several names and open files stand for one inode, as on a real disk.
    std::map<std::string, std::shared_ptr<Inode>> names_;
    std::set<std::string> directories_;
    std::map<std::string, std::vector<Change>> unsynced_names_;  // by directory, oldest first
};

struct DiskFault {
    enum class Kind { die, fail };

    Kind kind = Kind::die;
    std::uint64_t after_writes = 0;  // operations that change something, from now on
    ErrorCode code = ErrorCode::unavailable;
    std::uint64_t repeats = 1;  // of a failure
};

class DiskView final : public Disk {
 public:
    DiskView(SimulatedDisk& disk, std::uint32_t host, Dice dice)
        : disk_(disk), dice_(dice), host_(host) {}

    // Replaces an earlier fault.
    void plan(const DiskFault& fault) { fault_ = fault; }

    void heal() { fault_.reset(); }

    // The process died in an operation: nothing it does counts from there on.
    bool dead() const { return dead_; }

    std::uint64_t writes() const { return writes_; }

    Result<std::unique_ptr<AppendFile>> create(const std::string& path) override;
    Result<std::unique_ptr<AppendFile>> open_append(const std::string& path) override;
    Result<std::string> read(const std::string& path) override;
    Result<std::string> read_range(
        const std::string& path, std::uint64_t offset, std::uint64_t size
    ) override;
    Result<std::uint64_t> size(const std::string& path) override;
    Result<std::vector<std::string>> list(const std::string& directory) override;
    Result<bool> exists(const std::string& path) override;
    Result<void> make_directory(const std::string& path) override;
    Result<void> rename(const std::string& from, const std::string& to) override;
    Result<bool> link(const std::string& from, const std::string& to) override;
    Result<void> remove(const std::string& path) override;
    Result<void> sync_directory(const std::string& path) override;

 private:
    friend class SimulatedFile;

    enum class Step { go, fail, die_before, die_after };

    // What becomes of an operation that changes something.
    Step step();
    Result<void> alive() const;
    Result<void> failed() const;
    Result<std::shared_ptr<Inode>> find(const std::string& path) const;

    SimulatedDisk& disk_;
    Dice dice_;
    std::uint32_t host_;
    std::optional<DiskFault> fault_;
    bool dead_ = false;
    std::uint64_t writes_ = 0;
};

// What would be left if every host lost power now. Read only.
class DurableDisk final : public Disk {
 public:
    explicit DurableDisk(const SimulatedDisk& disk) : disk_(disk) {}

    Result<std::unique_ptr<AppendFile>> create(const std::string& path) override;
    Result<std::unique_ptr<AppendFile>> open_append(const std::string& path) override;
    Result<std::string> read(const std::string& path) override;
    Result<std::string> read_range(
        const std::string& path, std::uint64_t offset, std::uint64_t size
    ) override;
    Result<std::uint64_t> size(const std::string& path) override;
    Result<std::vector<std::string>> list(const std::string& directory) override;
    Result<bool> exists(const std::string& path) override;
    Result<void> make_directory(const std::string& path) override;
    Result<void> rename(const std::string& from, const std::string& to) override;
    Result<bool> link(const std::string& from, const std::string& to) override;
    Result<void> remove(const std::string& path) override;
    Result<void> sync_directory(const std::string& path) override;

 private:
    // Null if the name would not be there.
    const Inode* find(const std::string& path) const;

    const SimulatedDisk& disk_;
};

}  // namespace xorch::simulation
