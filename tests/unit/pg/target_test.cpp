#include "pg/target.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <list>

#include "support/thrown.hpp"
#include "support/variable.hpp"

namespace scalectl::pg {
namespace {

using test::error_of;
using test::Variable;
using testing::HasSubstr;
using testing::Not;

/// Tests in an environment that names no server.
class FindTarget : public testing::Test {
 protected:
  FindTarget() {
    for (const char* name : {"DATABASE_URL", "PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE",
                             "PGUSER", "PGSERVICE", "PGPASSFILE", "PGPASSWORD"}) {
      unset_.emplace_back(name);
    }
  }

 private:
  std::list<Variable> unset_;
};

TEST_F(FindTarget, WithNothingSet_IsNothing) { EXPECT_FALSE(find_target(std::nullopt)); }

TEST_F(FindTarget, LibpqsVariables_LeaveItToLibpq) {
  for (const char* name : {"PGHOST", "PGPORT", "PGDATABASE", "PGUSER", "PGSERVICE"}) {
    const Variable set(name, "1");
    const auto target = find_target(std::nullopt);
    ASSERT_TRUE(target) << name;
    EXPECT_EQ(target->conninfo, "") << name;
  }
}

TEST_F(FindTarget, EmptyVariables_CountAsUnset) {
  const Variable host("PGHOST", "");
  const Variable url("DATABASE_URL", "");
  EXPECT_FALSE(find_target(std::nullopt));
}

TEST_F(FindTarget, DatabaseUrl_ComesBeforeLibpqsVariables) {
  const Variable host("PGHOST", "elsewhere");
  const Variable url("DATABASE_URL", "postgresql://u@h:5/d");
  EXPECT_EQ(find_target(std::nullopt)->conninfo, "postgresql://u@h:5/d");
}

TEST_F(FindTarget, Dsn_ComesBeforeDatabaseUrl) {
  const Variable url("DATABASE_URL", "postgresql://u@h:5/d");
  EXPECT_EQ(find_target("host=given dbname=x")->conninfo, "host=given dbname=x");
}

TEST_F(FindTarget, WhatLibpqCannotRead_IsRefusedWithoutQuotingIt) {
  for (const char* dsn : {"s3cret", "postgresql://u:s3cret@[h/d", "host=h passwort=s3cret",
                          "host=h password='s3cret", "postgresql://u:s3cret%zz@h/d"}) {
    const core::Error error = error_of([&] { find_target(dsn); });
    EXPECT_EQ(error.kind(), core::ErrorKind::kUsage) << dsn;
    EXPECT_EQ(error.message(), "--dsn is not a connection string") << dsn;
    EXPECT_THAT(error.what(), Not(HasSubstr("s3cret")));
  }
}

TEST_F(FindTarget, BadDatabaseUrl_IsNamedAsTheCulprit) {
  const Variable url("DATABASE_URL", "mysql://u:s3cret@h");
  EXPECT_EQ(error_of([] { find_target(std::nullopt); }).message(),
            "DATABASE_URL is not a connection string");
}

TEST(WithDatabase, KeepsAllButTheDatabase) {
  const Target target = with_database({"postgresql://u:p%27w@h:5/old?connect_timeout=3"}, "new");
  EXPECT_THAT(target.conninfo, HasSubstr("host='h'"));
  EXPECT_THAT(target.conninfo, HasSubstr("port='5'"));
  EXPECT_THAT(target.conninfo, HasSubstr("user='u'"));
  EXPECT_THAT(target.conninfo, HasSubstr("password='p\\'w'"));
  EXPECT_THAT(target.conninfo, HasSubstr("connect_timeout='3'"));
  EXPECT_THAT(target.conninfo, HasSubstr("dbname='new'"));
  EXPECT_THAT(target.conninfo, Not(HasSubstr("old")));
}

class PlaceOf : public FindTarget {
 protected:
  static std::string here() {
    char name[256] = {};
    gethostname(name, sizeof name - 1);
    return name;
  }
};

TEST_F(PlaceOf, IsHostPortAndDatabaseWithoutLogin) {
  EXPECT_EQ(place_of({"postgresql://u:secret@db.example:6432/game"}), "db.example:6432/game");
  EXPECT_EQ(place_of({"host=db.example user=mara"}), "db.example:5432/mara");
  EXPECT_EQ(place_of({"hostaddr=192.0.2.7 dbname=game"}), "192.0.2.7:5432/game");
  const Variable host("PGHOST", "db.example");
  const Variable database("PGDATABASE", "game");
  EXPECT_EQ(place_of({""}), "db.example:5432/game");
}

TEST_F(PlaceOf, ServersOnThisMachine_CarryItsName) {
  EXPECT_EQ(place_of({"host=localhost dbname=g"}), here() + ":localhost:5432/g");
  EXPECT_EQ(place_of({"host=127.0.0.1 dbname=g"}), here() + ":127.0.0.1:5432/g");
  EXPECT_EQ(place_of({"host=/run/postgresql dbname=g"}), here() + ":/run/postgresql:5432/g");
  EXPECT_EQ(place_of({"dbname=g"}), here() + ":5432/g");
}

TEST(WithDatabase, NameThatNeedsEscapes_IsEscaped) {
  EXPECT_EQ(with_database({"host=h"}, R"(it's a \)").conninfo, R"(host='h' dbname='it\'s a \\')");
}

}  // namespace
}  // namespace scalectl::pg
