#include "pg/errors.hpp"

#include <gmock/gmock.h>

namespace scalectl::pg {
namespace {

using core::Error;
using core::exit_code;
using testing::HasSubstr;

// The codes are those of appendix A of PostgreSQL's documentation.
TEST(ServerError, EachSqlstate_HasItsExitCodeAndHint) {
  struct Case {
    const char* sqlstate;
    int code;
    const char* hint;
  };
  const Case cases[] = {
      {"08006", 3, "connection was lost"},      // connection_failure
      {"25006", 3, "connect to the primary"},   // read_only_sql_transaction
      {"28P01", 3, "user and password"},        // invalid_password
      {"3D000", 3, "create the database"},      // invalid_catalog_name
      {"53300", 3, "max_connections"},          // too_many_connections
      {"57P01", 3, "restarted"},                // admin_shutdown
      {"57P03", 3, "starting"},                 // cannot_connect_now
      {"3F000", 2, "--schema"},                 // invalid_schema_name
      {"42501", 2, "privilege"},                // insufficient_privilege
      {"42703", 2, "scalectl db status game"},  // undefined_column
      {"42P01", 2, "scalectl db init game"},    // undefined_table
      {"42601", 2, "does not fit"},             // syntax_error
      {"22003", 2, "check the parameters"},     // numeric_value_out_of_range
      {"40001", 4, "try again"},                // serialization_failure
      {"40P01", 4, "deadlock"},                 // deadlock_detected
      {"55006", 4, "another session uses it"},  // object_in_use
      {"55P03", 4, "holds the lock"},           // lock_not_available
      {"57014", 4, "timeout"},                  // query_canceled
      {"53100", 5, "free space"},               // disk_full
  };
  for (const Case& c : cases) {
    const Error error = server_error(c.sqlstate, "ERROR:  went wrong\n");
    EXPECT_EQ(exit_code(error.kind()), c.code) << c.sqlstate;
    EXPECT_THAT(error.hint(), HasSubstr(c.hint)) << c.sqlstate;
    EXPECT_EQ(error.message(), "went wrong") << c.sqlstate;
  }
}

TEST(ServerError, OfAnyOtherKind_IsAFailureWithTheServersOwnHint) {
  const Error error = server_error("P0001",
                                   "ERROR:  not today\n"
                                   "DETAIL:  It is Sunday.\n"
                                   "HINT:  Come back tomorrow.\n");
  EXPECT_EQ(exit_code(error.kind()), 5);
  EXPECT_EQ(error.message(), "not today (It is Sunday.)");
  EXPECT_EQ(error.hint(), "Come back tomorrow.");
}

TEST(ServerError, OfABrokenRule_DoesNotShowTheRow) {
  const Error error = server_error("23514",
                                   "ERROR:  new row violates check constraint \"players_check\"\n"
                                   "DETAIL:  Failing row contains (1, Otto Locke).\n");
  EXPECT_EQ(exit_code(error.kind()), 5);
  EXPECT_EQ(error.message(), "new row violates check constraint \"players_check\"");
}

TEST(ServerError, WithoutASqlstate_IsAFailure) {
  const Error error = server_error("", "FATAL:  gone\n");
  EXPECT_EQ(exit_code(error.kind()), 5);
  EXPECT_EQ(error.message(), "gone");
}

TEST(ServerError, WithoutAMessage_SaysSo) {
  EXPECT_EQ(server_error("XX000", "").message(), "the server failed without a message");
}

TEST(ServerError, MessageWithoutASeverity_StaysWhole) {
  EXPECT_EQ(server_error("XX000", "no such: thing").message(), "no such: thing");
}

TEST(ConnectError, OfSeveralAddresses_IsOneLine) {
  const Error error = connect_error(
      "connection to server at \"h\" (::1), port 1 failed: Connection refused\n"
      "\tIs the server running?\n\n");
  EXPECT_EQ(exit_code(error.kind()), 3);
  EXPECT_EQ(error.message(),
            "cannot connect to PostgreSQL: connection to server at \"h\" (::1), port 1 failed: "
            "Connection refused; Is the server running?");
  EXPECT_THAT(error.hint(), HasSubstr("--dsn, DATABASE_URL or PGHOST"));
}

}  // namespace
}  // namespace scalectl::pg
