// The loader: rows made by several threads, copied by one connection in row order.
//
// Workers fill chunks of rows into binary COPY buffers; the calling thread sends them in order. What
// reaches the server is therefore the same stream of bytes whatever the number of workers, and one
// transaction holds it all. At most a few chunks are in memory at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "pg/copy_format.hpp"
#include "pg/session.hpp"

namespace scalectl::seed {

/// Appends unit `unit` (a row, or the few rows of a thing) to the buffer. Called from several threads
/// at once; a pure function of `unit`.
using MakeRows = std::function<void(std::uint64_t unit, pg::CopyBuffer& buffer)>;

/// What is to be made.
struct Units {
  std::uint64_t count = 0;
  std::uint64_t rows_each = 1;  ///< about; only the size of the chunks depends on it
};

/// Told how many units have been sent so far.
using OnSent = std::function<void(std::uint64_t units)>;

/// Copies units 0 … count-1 through `copy_sql` (a COPY … FROM STDIN (FORMAT binary)); how many rows
/// the server took. Throws Error: what the server said, or interrupted on a stop request.
std::int64_t copy_rows(pg::Transaction& transaction, const std::string& copy_sql, Units units,
                       int workers, const MakeRows& make_rows, const OnSent& on_sent,
                       const std::stop_token& stop);

}  // namespace scalectl::seed
