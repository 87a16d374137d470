// Preflight: what has to be known before a run, and what may get in its way.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "core/observer.hpp"
#include "load/plan.hpp"

namespace scalectl::load {

/// Warnings about descriptors, ports and memory that the plan may run out of; raises the limit of
/// open descriptors first.
std::vector<std::string> resource_warnings(const HttpPlan& plan);

/// The server's address: the first of those its name stands for that takes a connection. Throws
/// Error (connection) with the class of the failure, or Error (interrupted).
net::Address find_server(const HttpPlan& plan, const net::TlsContext* tls,
                         const std::stop_token& stop);

}  // namespace scalectl::load
