#include "core/value.hpp"

#include <algorithm>

namespace scalectl::core {

Object::Object(std::initializer_list<Item> items) : items_(items) {}

Object& Object::set(std::string key, Value value) {
  const auto at = std::find_if(items_.begin(), items_.end(),
                               [&](const Item& item) { return item.first == key; });
  if (at != items_.end()) {
    at->second = std::move(value);
  } else {
    items_.emplace_back(std::move(key), std::move(value));
  }
  return *this;
}

const Value* Object::find(std::string_view key) const {
  const auto at = std::find_if(items_.begin(), items_.end(),
                               [&](const Item& item) { return item.first == key; });
  return at == items_.end() ? nullptr : &at->second;
}

double Value::number() const {
  if (const auto* integer = if_integer()) return static_cast<double>(*integer);
  if (const auto* real = if_real()) return *real;
  return 0.0;
}

}  // namespace scalectl::core
