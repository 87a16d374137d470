// error_of: the Error that a piece of code throws, for tests that look at its kind and its words.
#pragma once

#include <gtest/gtest.h>

#include "core/error.hpp"

namespace scalectl::test {

/// Runs `action`; fails the test where it throws no Error.
template <typename Action>
core::Error error_of(const Action& action) {
  try {
    action();
  } catch (const core::Error& error) {
    return error;
  }
  ADD_FAILURE() << "no Error was thrown";
  return core::Error(core::ErrorKind::kFailed, "");
}

}  // namespace scalectl::test
