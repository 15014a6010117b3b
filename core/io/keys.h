#pragma once

// CURVE key pairs of a sweep: who may talk to its coordinator. One pair per name in `keys/` (mode
// 0700): `<name>.secret` and `<name>.public`, mode 0600. Names are "coordinator", "client" and
// "agent-<allocation>". Keys never appear in argv, the environment, logs or messages of errors. A
// file or directory that others could have read or changed is refused, not mended: what was in it
// is no secret any more.

#include <string>

#include "core/error.h"
#include "core/ids.h"

namespace xorch {

// Both in Z85, 40 characters. A reader of another's public key only leaves `secret_key` empty.
struct KeyPair {
    std::string public_key = {};
    std::string secret_key = {};
};

std::string coordinator_key_name();
std::string client_key_name();
std::string agent_key_name(AllocationId allocation);

// The pair of that name; made (and the directory with it) if it is not there yet. Two processes
// that make it at once end with the same pair.
Result<KeyPair> ensure_keys(const std::string& directory, const std::string& name);

// not_found if there is none.
Result<KeyPair> read_keys(const std::string& directory, const std::string& name);

// The public half, without touching the secret file.
Result<std::string> read_public_key(const std::string& directory, const std::string& name);

// The ZeroMQ that this program runs with, "ZeroMQ 4.3.4"; unavailable if it was built without
// CURVE, with which everybody here talks.
Result<std::string> name_encryption();

// Ends the use of a pair: an allocation that ended. Succeeds if it is gone already.
Result<void> remove_keys(const std::string& directory, const std::string& name);

}  // namespace xorch
