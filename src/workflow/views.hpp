// The workflow's views in a database: which version is there, and switching from one to another.
#pragma once

#include <optional>
#include <string>

#include "catalog/catalog.hpp"
#include "core/observer.hpp"
#include "core/result.hpp"
#include "pg/identifier.hpp"
#include "pg/session.hpp"
#include "workflow/view_files.hpp"

namespace scalectl::workflow {

/// Puts `version` (the newest for 0) in place of what is there, in one transaction. Views that
/// scalectl did not install are replaced only with `replace`; rollback brings them back. The
/// bookkeeping must be there. Throws Error (usage) where other objects depend on the views.
core::Result install_views(pg::Session& session, const catalog::Catalog& catalog,
                           const pg::Naming& naming, int version, bool replace,
                           const std::string& scalectl_version, core::Observer& observer);

/// Puts back what the last install replaced, in one transaction.
core::Result roll_back_views(pg::Session& session, const catalog::Catalog& catalog,
                             const pg::Naming& naming, core::Observer& observer);

/// Which version is installed, which there are, and whether the views are as they were installed.
core::Result views_status(pg::Session& session, const catalog::Catalog& catalog,
                          const pg::Naming& naming);

/// One version of the views, ready to be queried.
class Views {
 public:
  /// The installed version if it is `version` (or if that is 0); else `version` (or the newest) made
  /// for this session alone, in pg_temp. Throws Error (usage) where the role may not do that.
  static Views open(pg::Session& session, const catalog::Catalog& catalog,
                    const pg::Naming& naming, int version);

  int version() const { return version_; }
  /// True if they were made for this session.
  bool temporary() const { return temporary_; }
  /// The quoted name of a view or function of the version.
  std::string object(const std::string& name) const { return objects_.table(name); }
  /// The quoted name of one of Tasker's tables.
  std::string table(const std::string& name) const { return tables_.table(name); }
  /// True if the version has functions that look at given tasks only.
  bool has_functions() const { return has_functions_; }

 private:
  int version_ = 0;
  bool temporary_ = false;
  bool has_functions_ = false;
  pg::Naming objects_;
  pg::Naming tables_;
};

}  // namespace scalectl::workflow
