#include "pg/errors.hpp"

#include <string_view>
#include <vector>

#include "core/text.hpp"

namespace scalectl::pg {
namespace {

using core::Error;
using core::ErrorKind;

/// A server's message taken apart: its first line without the severity, and its DETAIL and HINT.
struct Parts {
  std::string primary;
  std::string detail;
  std::string hint;
};

Parts take_apart(const std::string& message) {
  Parts parts;
  for (const std::string& line : core::split(message, '\n')) {
    const auto after = [&](std::string_view prefix) {
      return std::string(core::trim(std::string_view(line).substr(prefix.size())));
    };
    if (line.rfind("DETAIL:", 0) == 0) {
      parts.detail = after("DETAIL:");
    } else if (line.rfind("HINT:", 0) == 0) {
      parts.hint = after("HINT:");
    } else if (parts.primary.empty()) {
      const auto severity = line.find(":  ");
      parts.primary = core::trim(severity == std::string::npos ? line : line.substr(severity + 3));
    }
  }
  return parts;
}

struct Meaning {
  std::string_view sqlstate;  // the whole code, or its class (two characters)
  ErrorKind kind;
  std::string_view hint;
};

// Source: PostgreSQL documentation, appendix A "PostgreSQL Error Codes".
constexpr Meaning kMeanings[] = {
    {"08", ErrorKind::kConnection, "the connection was lost; the open transaction was rolled back"},
    {"25006", ErrorKind::kConnection,
     "this server is a read-only standby (or the role is read-only); connect to the primary"},
    {"23514", ErrorKind::kFailed, "a value breaks a rule of the table; check the parameters"},
    {"23", ErrorKind::kFailed, "the rows break a constraint of the table"},
    {"28", ErrorKind::kConnection, "check user and password, and the server's pg_hba.conf"},
    {"2BP01", ErrorKind::kUsage, "drop what depends on it first"},
    {"3D000", ErrorKind::kConnection, "create the database, or name another one in the DSN"},
    {"3F000", ErrorKind::kUsage, "name an existing schema with --schema"},
    {"40001", ErrorKind::kBusy, "another session changed the same rows; try again"},
    {"40P01", ErrorKind::kBusy,
     "a deadlock with another session was resolved against us; try again"},
    {"42501", ErrorKind::kUsage, "ask the owner for the privilege, or connect as another role"},
    {"42703", ErrorKind::kUsage,
     "the table is not the one this SQL was written for; see scalectl db status game"},
    {"42P01", ErrorKind::kUsage, kNoTableHint},
    {"53100", ErrorKind::kFailed, "free space where the server keeps its data, then run it again"},
    {"53300", ErrorKind::kConnection, "the server has no connection left; raise max_connections"},
    {"55006", ErrorKind::kBusy, "another session uses it; try again later"},
    {"55P03", ErrorKind::kBusy, "another session holds the lock; try again, or allow more time"},
    {"57014", ErrorKind::kBusy, "the statement was cancelled by a timeout or an administrator"},
    {"57P", ErrorKind::kConnection, "the server is starting, stopping or was restarted; try again"},
    {"42", ErrorKind::kUsage, "the SQL does not fit this server or its tables"},
    {"22", ErrorKind::kUsage, "a value does not fit; check the parameters"},
};

}  // namespace

Error server_error(const std::string& sqlstate, const std::string& message) {
  const Parts parts = take_apart(message);
  std::string text = parts.primary.empty() ? "the server failed without a message" : parts.primary;
  // The detail of a broken rule is the row itself, which may be personal data.
  const bool shows_row = sqlstate == "23514" || sqlstate == "23502";
  if (!parts.detail.empty() && !shows_row) text += " (" + parts.detail + ")";
  for (const Meaning& meaning : kMeanings) {
    if (sqlstate.rfind(meaning.sqlstate, 0) == 0 && !sqlstate.empty()) {
      return Error(meaning.kind, text,
                   meaning.hint.empty() ? parts.hint : std::string(meaning.hint));
    }
  }
  return Error(ErrorKind::kFailed, text, parts.hint);
}

bool is_conflict(const std::string& sqlstate) { return sqlstate == "40P01" || sqlstate == "40001"; }

Error connect_error(const std::string& message) {
  // libpq puts one line per address it tried; the last lines may be the server's own hint.
  std::vector<std::string> lines;
  for (const std::string& line : core::split(message, '\n')) {
    const auto text = core::trim(line);
    if (!text.empty()) lines.emplace_back(text);
  }
  const std::string text = core::join(lines, "; ");
  const auto says = [&](std::string_view words) { return text.find(words) != std::string::npos; };
  std::string hint = "check that the server runs and that --dsn, DATABASE_URL or PGHOST name it";
  if (says("password") || says("authentication failed")) {
    hint =
        "check user and password (PGPASSWORD, ~/.pgpass or the DSN), and the server's pg_hba.conf";
  } else if (says("database \"") && says("does not exist")) {
    hint = "create the database, or name another one in the DSN";
  }
  return Error(ErrorKind::kConnection, "cannot connect to PostgreSQL: " + text, hint);
}

}  // namespace scalectl::pg
