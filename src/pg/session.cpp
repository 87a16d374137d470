#include "pg/session.hpp"

#include <libpq-fe.h>

#include <array>
#include <map>
#include <stdexcept>
#include <utility>

#include "core/error.hpp"
#include "core/parse.hpp"
#include "pg/errors.hpp"
#include "pg/pqxx_compat.hpp"

namespace scalectl::pg {
namespace {

using core::Error;
using core::ErrorKind;

constexpr const char* kConnectTimeoutSeconds = "10";

std::string conninfo_value(const std::string& conninfo, std::string_view keyword) {
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(conninfo.c_str(), nullptr), PQconninfoFree);
  for (const PQconninfoOption* option = options.get(); option != nullptr && option->keyword;
       ++option) {
    if (keyword == option->keyword && option->val != nullptr) return option->val;
  }
  return "";
}

PGconn* connect(const Target& target, const std::string& application_name) {
  std::vector<const char*> keywords{"dbname", "application_name", "client_encoding"};
  std::vector<const char*> values{target.conninfo.c_str(), application_name.c_str(), "UTF8"};
  if (conninfo_value(target.conninfo, "connect_timeout").empty() &&
      std::getenv("PGCONNECT_TIMEOUT") == nullptr) {
    keywords.push_back("connect_timeout");
    values.push_back(kConnectTimeoutSeconds);
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  PGconn* raw = PQconnectdbParams(keywords.data(), values.data(), 1);
  if (PQstatus(raw) != CONNECTION_OK) {
    const Error error = connect_error(PQerrorMessage(raw));
    PQfinish(raw);
    throw error;
  }
  return raw;
}

/// Cancels the statement that runs on a connection; the one thing another thread may do to it.
class Canceller {
 public:
  explicit Canceller(PGconn* raw) : cancel_(PQgetCancel(raw), PQfreeCancel) {}
  void operator()() const {
    std::array<char, 256> error;
    PQcancel(cancel_.get(), error.data(), error.size());
  }

 private:
  std::shared_ptr<PGcancel> cancel_;
};

}  // namespace

struct Rows::Data {
  pqxx::result result;
};

struct Session::Connection {
  Connection(Target to, std::string name, std::stop_token token)
      : Connection(connect(to, name), std::move(token)) {
    target = std::move(to);
    application_name = std::move(name);
  }
  Connection(PGconn* handle, std::stop_token token)
      : raw(handle),
        pqxx(compat::adopt(handle)),
        silence(*pqxx),
        stop(std::move(token)),
        on_stop(stop, Canceller(handle)) {
    PQsetNoticeProcessor(
        raw, [](void*, const char*) {}, nullptr);
  }

  /// The Error for a statement that failed; a statement that we cancelled is an interruption.
  Error failure(const std::string& sqlstate, const std::string& message) const {
    if (sqlstate == "57014" && stop.stop_requested()) {
      return Error(ErrorKind::kInterrupted, "interrupted");
    }
    return server_error(sqlstate, message);
  }

  template <typename Action>
  auto translate(const Action& action) const -> decltype(action()) {
    try {
      return action();
    } catch (const pqxx::in_doubt_error&) {
      throw Error(ErrorKind::kFailed,
                  "the connection broke during COMMIT; nobody can tell whether it took effect",
                  "look at the data before running it again");
    } catch (const pqxx::broken_connection& error) {
      if (stop.stop_requested()) throw Error(ErrorKind::kInterrupted, "interrupted");
      // libpqxx asks such a connection for its encoding before it says anything of use.
      const std::string_view said = error.what();
      const bool useless = said.find("encoding") != std::string_view::npos;
      throw server_error("08006", useless ? "the connection to the server was lost" : error.what());
    } catch (const pqxx::failure& error) {
      const std::string sqlstate = compat::sqlstate_of(error);
      if (is_conflict(sqlstate)) throw Conflict(failure(sqlstate, error.what()));
      throw failure(sqlstate, error.what());
    }
  }

  /// A stop request between two statements finds nothing to cancel: it is noticed here.
  void refuse_after_stop() const {
    if (stop.stop_requested()) throw Error(ErrorKind::kInterrupted, "interrupted");
  }

  PGconn* raw;  // owned by pqxx
  std::unique_ptr<compat::Connection> pqxx;
  compat::Silence silence;
  std::map<std::string, std::string> prepared;  // SQL to its name on the server
  Target target;
  std::string application_name;
  std::stop_token stop;
  std::stop_callback<Canceller> on_stop;
};

// --- Rows ---

std::size_t Rows::size() const { return static_cast<std::size_t>(data_->result.size()); }

std::size_t Rows::columns() const { return static_cast<std::size_t>(data_->result.columns()); }

std::string Rows::name(std::size_t column) const {
  return data_->result.column_name(static_cast<pqxx::row::size_type>(column));
}

std::size_t Rows::column(std::string_view name) const {
  for (std::size_t i = 0; i < columns(); ++i) {
    if (this->name(i) == name) return i;
  }
  throw std::out_of_range("no column " + std::string(name));
}

Param Rows::at(std::size_t row, std::size_t column) const {
  const auto field = data_->result[static_cast<pqxx::result::size_type>(row)]
                                  [static_cast<pqxx::row::size_type>(column)];
  if (field.is_null()) return std::nullopt;
  return std::string(field.c_str(), field.size());
}

std::int64_t Rows::integer(std::size_t row, std::string_view name) const {
  return core::parse_integer(text(row, name));
}

double Rows::real(std::size_t row, std::string_view name) const {
  return std::stod(text(row, name));
}

std::int64_t Rows::affected() const {
  return static_cast<std::int64_t>(data_->result.affected_rows());
}

// --- Session ---

Session::Session(const Target& target, const std::string& application_name, std::stop_token stop)
    : connection_(std::make_unique<Connection>(target, application_name, std::move(stop))) {}

Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

Rows Session::query(const std::string& sql, const Params& params) {
  return connection_->translate([&] {
    pqxx::nontransaction tx(*connection_->pqxx);
    return Rows(std::make_shared<Rows::Data>(Rows::Data{compat::exec(tx, sql, params)}));
  });
}

Transaction Session::begin() { return Transaction(*connection_); }

std::string Session::server_version() const {
  const int version = PQserverVersion(connection_->raw);
  return std::to_string(version / 10000) + "." + std::to_string(version % 10000);
}

std::stop_token Session::stop() const { return connection_->stop; }

Session Session::another(std::stop_token stop) const {
  return {connection_->target, connection_->application_name, std::move(stop)};
}

bool Session::is_pooled() {
  return query("SELECT pg_backend_pid() AS pid").integer(0, "pid") !=
         PQbackendPID(connection_->raw);
}

// --- Transaction ---

struct Transaction::Work {
  explicit Work(Session::Connection& c) : connection(c), tx(*c.pqxx) {}
  Session::Connection& connection;
  pqxx::work tx;
};

Transaction::Transaction(Session::Connection& connection)
    : work_(connection.translate([&] { return std::make_unique<Work>(connection); })) {}

Transaction::Transaction(Transaction&&) noexcept = default;
Transaction& Transaction::operator=(Transaction&&) noexcept = default;
Transaction::~Transaction() = default;

Rows Transaction::query(const std::string& sql, const Params& params) {
  work_->connection.refuse_after_stop();
  return work_->connection.translate([&] {
    return Rows(std::make_shared<Rows::Data>(Rows::Data{compat::exec(work_->tx, sql, params)}));
  });
}

std::string Transaction::prepare(const std::string& sql) {
  Session::Connection& connection = work_->connection;
  const auto known = connection.prepared.find(sql);
  if (known != connection.prepared.end()) return known->second;
  const std::string name = "scalectl_" + std::to_string(connection.prepared.size());
  connection.translate([&] { connection.pqxx->prepare(name, sql); });
  connection.prepared.emplace(sql, name);
  return name;
}

Rows Transaction::run(const std::string& prepared, const Params& params) {
  work_->connection.refuse_after_stop();
  return work_->connection.translate([&] {
    return Rows(std::make_shared<Rows::Data>(
        Rows::Data{compat::exec_prepared(work_->tx, prepared, params)}));
  });
}

void Transaction::commit() {
  work_->connection.refuse_after_stop();
  work_->connection.translate([&] { work_->tx.commit(); });
}

// --- CopyIn ---

namespace {

using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

std::string sqlstate_of(const PGresult* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  return state != nullptr ? state : "08006";
}

}  // namespace

CopyIn::CopyIn(Transaction& transaction, const std::string& sql)
    : connection_(transaction.work_->connection) {
  const Result result(PQexec(connection_.raw, sql.c_str()), PQclear);
  if (PQresultStatus(result.get()) != PGRES_COPY_IN) {
    throw connection_.failure(sqlstate_of(result.get()), PQresultErrorMessage(result.get()));
  }
  open_ = true;
}

CopyIn::~CopyIn() {
  if (!open_) return;
  PQputCopyEnd(connection_.raw, "abandoned by the client");
  while (PGresult* result = PQgetResult(connection_.raw)) PQclear(result);
}

void CopyIn::put(std::string_view bytes) {
  if (PQputCopyData(connection_.raw, bytes.data(), static_cast<int>(bytes.size())) != 1) {
    finish();
    throw server_error("08006", PQerrorMessage(connection_.raw));  // finish() found no error
  }
}

std::int64_t CopyIn::finish() {
  open_ = false;
  PQputCopyEnd(connection_.raw, nullptr);
  std::optional<Error> error;
  std::int64_t rows = 0;
  while (PGresult* next = PQgetResult(connection_.raw)) {
    const Result result(next, PQclear);
    if (PQresultStatus(next) == PGRES_COMMAND_OK) {
      rows = core::parse_integer(PQcmdTuples(next));
    } else if (!error) {
      error = connection_.failure(sqlstate_of(next), PQresultErrorMessage(next));
    }
    if (PQstatus(connection_.raw) != CONNECTION_OK) break;
  }
  if (error) throw *error;
  return rows;
}

// --- Labs ---

bool is_lab(Session& session) {
  const Rows rows = session.query("SELECT current_setting('cluster_name', true) AS name");
  return rows.at(0, "name").value_or("").rfind(kLabClusterPrefix, 0) == 0;
}

}  // namespace scalectl::pg
