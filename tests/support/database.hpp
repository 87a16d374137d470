// Database: a database of one test's own, in the lab that the tests share.
#pragma once

#include <stop_token>
#include <string>

#include "lab/lab.hpp"
#include "pg/session.hpp"

namespace scalectl::test {

/// The lab that the tests lab.up and lab.down bracket; with SCALECTL_TEST_LAB, the one of that name.
lab::Lab shared_lab();

/// An empty database; dropped again with everything that is connected to it.
class Database {
 public:
  Database();
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  const std::string& name() const { return name_; }
  pg::Target target() const;
  /// What --dsn or DATABASE_URL takes.
  std::string dsn() const { return target().conninfo; }
  pg::Session connect(std::stop_token stop = {}) const;

 private:
  std::string name_;
};

/// The first cell of what `sql` returns, as text; "" for NULL.
std::string scalar(pg::Session& session, const std::string& sql);

}  // namespace scalectl::test
