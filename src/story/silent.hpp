// Silent: the observer of engines that a story runs many times; the story speaks for itself.
#pragma once

#include "core/observer.hpp"

namespace scalectl::story {

class Silent : public core::Observer {
 public:
  void log(core::LogLevel, std::string_view) override {}
  void progress(std::string_view, std::uint64_t, std::uint64_t, std::string_view) override {}
};

}  // namespace scalectl::story
