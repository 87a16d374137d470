// Session: one connection to PostgreSQL, with queries, transactions and COPY on it.
//
// The connection is made with libpq and handed to libpqxx, which runs the queries; COPY goes
// straight to libpq on the same connection, so that it can stand inside a transaction. A session
// belongs to one thread; only a stop request reaches it from another, and cancels what runs.
// Every function throws core::Error; see errors.hpp for the kinds.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "pg/target.hpp"

namespace scalectl::pg {

/// A value to bind: text in the server's input format, or NULL.
using Param = std::optional<std::string>;
using Params = std::vector<Param>;

/// The rows that a statement returned. Cheap to copy.
class Rows {
 public:
  std::size_t size() const;
  bool empty() const { return size() == 0; }
  std::size_t columns() const;
  /// Name of a column.
  std::string name(std::size_t column) const;
  /// Position of a column; throws std::out_of_range where it is not there.
  std::size_t column(std::string_view name) const;

  /// A cell as text; nothing where it is NULL.
  Param at(std::size_t row, std::size_t column) const;
  Param at(std::size_t row, std::string_view name) const { return at(row, column(name)); }
  /// Cells that are not NULL, as their type.
  std::string text(std::size_t row, std::string_view name) const { return at(row, name).value(); }
  std::int64_t integer(std::size_t row, std::string_view name) const;
  double real(std::size_t row, std::string_view name) const;
  bool boolean(std::size_t row, std::string_view name) const { return text(row, name) == "t"; }

  /// Rows that an INSERT, UPDATE, DELETE or SELECT touched.
  std::int64_t affected() const;

 private:
  friend class Session;
  friend class Transaction;
  struct Data;
  explicit Rows(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  std::shared_ptr<const Data> data_;
};

class Transaction;

class Session {
 public:
  /// Connects; gives up after the conninfo's connect_timeout, 10 s where it has none. A stop
  /// request on `stop` cancels the statement that runs, which then throws Error (interrupted).
  Session(const Target& target, const std::string& application_name, std::stop_token stop = {});
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  /// Runs `sql` outside any transaction of ours; without parameters it may be several statements.
  Rows query(const std::string& sql, const Params& params = {});
  /// Opens a transaction (READ COMMITTED). One at a time.
  Transaction begin();

  /// The server's version, as "15.18".
  std::string server_version() const;
  std::stop_token stop() const;
  /// Another connection to the same server, with the same login; a stop request on `stop` cancels
  /// what runs on it.
  Session another(std::stop_token stop) const;
  /// True if what answers is not the server itself but a connection pooler (PgBouncer): the process
  /// that it told us at the start is not the one that runs our statements.
  bool is_pooled();

 private:
  friend class Transaction;
  friend class CopyIn;
  struct Connection;
  std::unique_ptr<Connection> connection_;
};

/// A transaction; rolled back unless commit() was called. Once a stop is requested, nothing more
/// happens in it: query(), run() and commit() throw Error (interrupted).
class Transaction {
 public:
  Transaction(Transaction&&) noexcept;
  Transaction& operator=(Transaction&&) noexcept;
  ~Transaction();

  Rows query(const std::string& sql, const Params& params = {});
  /// Prepares `sql` for run(); the name it was given. The session remembers it.
  std::string prepare(const std::string& sql);
  Rows run(const std::string& prepared, const Params& params);
  /// Throws Error (failed) where the connection broke during COMMIT, so that nobody knows whether
  /// it took effect.
  void commit();

 private:
  friend class Session;
  friend class CopyIn;
  struct Work;
  explicit Transaction(Session::Connection& connection);
  std::unique_ptr<Work> work_;
};

/// A COPY … FROM STDIN in progress. It must be finished before its transaction is used again.
class CopyIn {
 public:
  /// `sql` is the whole COPY statement.
  CopyIn(Transaction& transaction, const std::string& sql);
  /// Tells the server to abandon the COPY, if it was not finished.
  ~CopyIn();
  CopyIn(const CopyIn&) = delete;
  CopyIn& operator=(const CopyIn&) = delete;

  /// Sends the next piece of the stream; pieces need not end at row boundaries. An error of the
  /// server shows only in finish(): libpq does not look for one while it sends.
  void put(std::string_view bytes);
  /// Ends the stream; rows copied.
  std::int64_t finish();

 private:
  Session::Connection& connection_;
  bool open_ = false;
};

/// True if the server is one of scalectl's private labs: it says so in its cluster_name.
bool is_lab(Session& session);

/// Prefix of the cluster_name of a lab's server.
inline constexpr std::string_view kLabClusterPrefix = "scalectl-lab-";

}  // namespace scalectl::pg
