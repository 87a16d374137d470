#include "index/explain.hpp"

#include <fmt/format.h>

#include <functional>

#include "core/error.hpp"
#include "core/json.hpp"

namespace scalectl::index {
namespace {

using core::Object;
using core::Value;

/// Walks the nodes below `node`, itself included, until `visit` says yes.
const Object* first(const Object& node, const std::function<bool(const Object&)>& visit) {
  if (visit(node)) return &node;
  const Value* below = node.find("Plans");
  if (below == nullptr || below->if_array() == nullptr) return nullptr;
  for (const Value& child : *below->if_array()) {
    if (const Object* found = first(*child.if_object(), visit)) return found;
  }
  return nullptr;
}

}  // namespace

Value explain(pg::Transaction& tx, const std::string& options, const std::string& sql,
              const pg::Params& params) {
  const pg::Rows rows = tx.query(
      fmt::format("EXPLAIN ({}{}FORMAT JSON) {}", options, options.empty() ? "" : ", ", sql),
      params);
  const Value plans = core::parse_json(rows.at(0, 0).value_or("[]"), "EXPLAIN");
  if (plans.if_array() == nullptr || plans.if_array()->empty()) {
    throw core::Error(core::ErrorKind::kFailed, "EXPLAIN gave no plan", "is it one statement?");
  }
  return plans.if_array()->front();
}

const Object& root_of(const Value& plan) { return *plan.if_object()->find("Plan")->if_object(); }

const Object* node_using(const Value& plan, const std::set<std::string>& indexes) {
  return first(root_of(plan),
               [&](const Object& node) { return indexes.count(text_in(node, "Index Name")) > 0; });
}

const Object& node_reading(const Value& plan, const std::string& relation) {
  const Object* found = first(root_of(plan), [&](const Object& node) {
    return text_in(node, "Relation Name") == relation &&
           text_in(node, "Node Type") != "ModifyTable";
  });
  return found != nullptr ? *found : root_of(plan);
}

const Object& node_counted(const Value& plan, const Object& node) {
  const auto is_node = [&](const Object& below) { return &below == &node; };
  const Object* limit = first(root_of(plan), [&](const Object& above) {
    return text_in(above, "Node Type") == "Limit" && first(above, is_node) != nullptr;
  });
  return limit != nullptr ? *limit : node;
}

bool changes_rows(const Value& plan) {
  return first(root_of(plan), [](const Object& node) {
           const std::string type = text_in(node, "Node Type");
           return type == "ModifyTable" || type == "LockRows";
         }) != nullptr;
}

std::set<std::string> indexes_of(const Value& plan) {
  std::set<std::string> names;
  first(root_of(plan), [&](const Object& node) {
    const std::string name = text_in(node, "Index Name");
    if (!name.empty()) names.insert(name);
    return false;
  });
  return names;
}

std::string describe(const Object& node) {
  std::string text = text_in(node, "Node Type");
  if (const std::string index = text_in(node, "Index Name"); !index.empty()) {
    text += " using " + index;
  }
  if (const std::string relation = text_in(node, "Relation Name"); !relation.empty()) {
    text += " on " + relation;
  }
  if (text_in(node, "Node Type") == "Bitmap Heap Scan") {
    const Object* scan =
        first(node, [](const Object& below) { return !text_in(below, "Index Name").empty(); });
    if (scan != nullptr) text += " by " + text_in(*scan, "Index Name");
  }
  return text;
}

double number_in(const Object& object, std::string_view key) {
  const Value* value = object.find(key);
  return value == nullptr ? 0 : value->number();
}

std::string text_in(const Object& object, std::string_view key) {
  const Value* value = object.find(key);
  return value == nullptr || value->if_text() == nullptr ? "" : *value->if_text();
}

double real_rows(const Object& node) {
  return number_in(node, "Actual Rows") * number_in(node, "Actual Loops");
}

double rows_written(const core::Value& plan) {
  // The root, which writes, gives nothing back; below it is what it writes.
  const core::Value* below = root_of(plan).find("Plans");
  const core::Array* nodes = below == nullptr ? nullptr : below->if_array();
  return nodes == nullptr || nodes->empty() ? 0 : real_rows(*nodes->front().if_object());
}

double buffers(const Object& node) {
  double pages = 0;
  for (const char* key : {"Shared Hit Blocks", "Shared Read Blocks", "Local Hit Blocks",
                          "Local Read Blocks", "Temp Read Blocks"}) {
    pages += number_in(node, key);
  }
  return pages;
}

}  // namespace scalectl::index
