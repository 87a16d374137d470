#include "support/lab_home.hpp"

#include <filesystem>

#include "support/recorder.hpp"

namespace scalectl::test {

namespace fs = std::filesystem;

LabHome::LabHome(const std::string& name) : path_(directory_.path() + "/" + name) {
  // Servers that root starts run under another account, which has to get through.
  fs::permissions(directory_.path(), fs::perms(0755));
}

LabHome::~LabHome() {
  Recorder observer;
  for (const std::string& name : lab::list(path_)) {
    try {
      lab(name).down(observer);
    } catch (const std::exception&) {  // the directory goes in any case
    }
  }
}

Environment LabHome::environment(const Environment& more) const {
  Environment all{{"SCALECTL_LAB_HOME", path_}};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

Outcome LabHome::scalectl(const std::vector<std::string>& arguments,
                          const Environment& more) const {
  return test::scalectl(arguments, environment(more));
}

}  // namespace scalectl::test
