// A scenario file of a test's own, with data files that are not on disk either.
#pragma once

#include <map>
#include <string>

#include "load/scenario/source.hpp"

namespace scalectl::load::scenario {

inline Source source_of(std::string text, std::map<std::string, std::string> files = {}) {
  return {.name = "test",
          .file = "test.json",
          .text = std::move(text),
          .data = [files = std::move(files)](const std::string& path) {
            const auto found = files.find(path);
            return found == files.end() ? std::nullopt : std::optional(found->second);
          }};
}

/// A scenario of one population with this flow, and more members for the whole.
inline Source flow_source(const std::string& flow, const std::string& more = "") {
  return source_of("{\"summary\": \"s\", \"target\": \"http://h:1\",\n" + more +
                   "\"load\": {\"users\": 2, \"for\": 5},\n\"populations\": [{\"name\": \"p\", "
                   "\"flow\": [\n" +
                   flow + "\n]}]}");
}

}  // namespace scalectl::load::scenario
