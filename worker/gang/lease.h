#pragma once

// A port or a GPU of this node that nobody else of this user may take: a locked file in a folder of
// the user's own, so that agents, sweeps and ranks that know nothing of each other agree, and so
// that a process that dies gives back what it had. Any thread.

#include <cstdint>
#include <optional>
#include <string>

#include "core/error.h"
#include "core/io/descriptor.h"

namespace xorch {

// Held until it goes.
class Lease {
 public:
    Lease() = default;
    ~Lease();
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&& other) noexcept;

    bool is_held() const { return file_.is_open(); }

 private:
    friend Result<std::optional<Lease>> try_lease(const std::string&, const std::string&);

    Lease(Descriptor file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

    void release();

    Descriptor file_;
    std::string path_;
};

// The folder of this user's leases on this node, made if missing: /tmp/xorch-<uid>/leases, whatever
// TMPDIR says, since all must look at the same one. Refuses one that is not the user's alone.
Result<std::string> lease_folder();

// The name of a GPU's lease; a GPU is named as CUDA_VISIBLE_DEVICES does.
std::string gpu_lease_name(const std::string& gpu);

// Nothing if somebody holds it.
Result<std::optional<Lease>> try_lease(const std::string& folder, const std::string& name);

struct PortLease {
    std::uint16_t port = 0;
    Lease lease;
};

// A port on which nothing listens now, below those that the kernel gives to outgoing connections:
// between the lease and the moment that a program listens there, nobody gets it by chance. `seed`
// spreads the first try.
Result<PortLease> lease_port(const std::string& folder, std::uint64_t seed);

}  // namespace xorch
