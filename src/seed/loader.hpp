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

/// Appends row `row` to the buffer. Called from several threads at once; a pure function of `row`.
using MakeRow = std::function<void(std::uint64_t row, pg::CopyBuffer& buffer)>;

/// Told how many rows have been sent so far.
using OnSent = std::function<void(std::uint64_t rows)>;

/// Copies rows 0 … `rows`-1 through `copy_sql` (a COPY … FROM STDIN (FORMAT binary)); how many the
/// server took. Throws Error: what the server said, or interrupted on a stop request.
std::int64_t copy_rows(pg::Transaction& transaction, const std::string& copy_sql,
                       std::uint64_t rows, int workers, const MakeRow& make_row,
                       const OnSent& on_sent, const std::stop_token& stop);

}  // namespace scalectl::seed
