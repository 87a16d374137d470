// A Scope whose every value a test chooses.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/rng.hpp"
#include "load/scenario/template.hpp"

namespace scalectl::load::scenario {

struct FixedScope : Scope {
  explicit FixedScope(Symbols& its_symbols) : symbols(its_symbols) {}

  void set(const std::string& name, const std::string& text, bool is_json = false) {
    values[symbols.add(name)] = {.text = text, .is_json = is_json};
  }

  const Variable* variable(int number) const override {
    const auto found = values.find(number);
    return found == values.end() ? nullptr : &found->second;
  }
  std::uint64_t random() override { return rng.next(); }
  std::int64_t now() const override { return 1'700'000'000'123'456'789; }
  std::uint64_t sequence() override { return next_number++; }

  Symbols& symbols;
  std::map<int, Variable> values;
  core::Rng rng{1, 2, 3};
  std::uint64_t next_number = 0;
};

}  // namespace scalectl::load::scenario
