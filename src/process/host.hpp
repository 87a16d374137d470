// Facts about this host and its accounts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "process/child.hpp"

namespace scalectl::process {

/// Processors this process may run on (its affinity mask, not the machine's total).
int cores();

/// Main memory in bytes.
std::int64_t memory_bytes();

/// "linux x86_64".
std::string system_and_machine();

/// This host's name.
std::string host_name();

/// The account called `name`, where there is one.
std::optional<Account> find_account(const std::string& name);

/// The value of environment variable `name`; nothing where it is unset or empty.
std::optional<std::string> environment(const char* name);

/// Largest resident set this process has had, in bytes.
std::int64_t peak_resident_bytes();

}  // namespace scalectl::process
