// What differs between libpqxx 6.4 and 7.x, and nothing else. Included by session.cpp alone.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <pqxx/pqxx>
#include <string>
#include <utility>
#include <vector>

#include "pg/session.hpp"

namespace scalectl::pg::compat {

#if PQXX_VERSION_MAJOR < 7

/// libpqxx 6 makes (and silently re-makes) its connections through a policy. This one hands out the
/// connection that we made, once: a session that breaks stays broken, because a new one would have
/// neither our transaction nor our settings.
class Adopted : public pqxx::connectionpolicy {
 public:
  explicit Adopted(const std::string& options) : connectionpolicy(options) {}
  handle do_startconnect(handle original) override {
    if (original != nullptr) return original;
    if (pending() == nullptr) throw pqxx::broken_connection("the connection was lost");
    return std::exchange(pending(), nullptr);
  }
  handle do_completeconnect(handle original) override { return original; }

  /// The connection that the next Adopted of this thread takes over.
  static handle& pending() {
    thread_local handle raw = nullptr;
    return raw;
  }
};

using Connection = pqxx::basic_connection<Adopted>;

inline std::unique_ptr<Connection> adopt(PGconn* raw) {
  Adopted::pending() = raw;
  return std::make_unique<Connection>();
}

inline std::vector<const char*> pointers(const Params& params) {
  std::vector<const char*> out;
  out.reserve(params.size());
  for (const Param& param : params) out.push_back(param ? param->c_str() : nullptr);
  return out;
}

inline pqxx::result exec(pqxx::transaction_base& tx, const std::string& sql, const Params& params) {
  if (params.empty()) return tx.exec(sql);
  return tx.exec_params(sql, pqxx::prepare::make_dynamic_params(pointers(params)));
}

inline pqxx::result exec_prepared(pqxx::transaction_base& tx, const std::string& name,
                                  const Params& params) {
  return tx.exec_prepared(name, pqxx::prepare::make_dynamic_params(pointers(params)));
}

#else

using Connection = pqxx::connection;

inline std::unique_ptr<Connection> adopt(PGconn* raw) {
  return std::make_unique<Connection>(pqxx::connection::seize_raw_connection(raw));
}

inline pqxx::params bound(const Params& params) {
  pqxx::params out;
  for (const Param& param : params) {
    if (param) {
      out.append(*param);
    } else {
      out.append();
    }
  }
  return out;
}

inline pqxx::result exec(pqxx::transaction_base& tx, const std::string& sql, const Params& params) {
  if (params.empty()) return tx.exec(sql);
#if PQXX_VERSION_MAJOR > 7 || PQXX_VERSION_MINOR >= 9
  return tx.exec(pqxx::zview(sql), bound(params));
#else
  return tx.exec_params(sql, bound(params));
#endif
}

inline pqxx::result exec_prepared(pqxx::transaction_base& tx, const std::string& name,
                                  const Params& params) {
#if PQXX_VERSION_MAJOR > 7 || PQXX_VERSION_MINOR >= 9
  return tx.exec(pqxx::prepped(name), bound(params));
#else
  return tx.exec_prepared(name, bound(params));
#endif
}

#endif

/// The SQLSTATE of a failed statement, or "". Some exceptions of libpqxx 6 lose it, and those for
/// serialization failures and deadlocks are no sql_error there.
inline std::string sqlstate_of(const pqxx::failure& error) {
  const auto* sql = dynamic_cast<const pqxx::sql_error*>(&error);
  if (sql != nullptr && !sql->sqlstate().empty()) return sql->sqlstate();
  if (dynamic_cast<const pqxx::insufficient_privilege*>(&error) != nullptr) return "42501";
  if (dynamic_cast<const pqxx::serialization_failure*>(&error) != nullptr) return "40001";
  if (dynamic_cast<const pqxx::deadlock_detected*>(&error) != nullptr) return "40P01";
  return "";
}

/// Takes libpqxx's own warnings, which would otherwise go to stderr.
#if PQXX_VERSION_MAJOR > 7 || (PQXX_VERSION_MAJOR == 7 && PQXX_VERSION_MINOR >= 10)
struct Silence {
  explicit Silence(Connection& connection) {
    connection.set_notice_handler([](pqxx::zview) noexcept {});
  }
};
#else
class Silence : public pqxx::errorhandler {
 public:
  explicit Silence(Connection& connection) : pqxx::errorhandler(connection) {}
  bool operator()(const char[]) noexcept override { return false; }
};
#endif

}  // namespace scalectl::pg::compat
