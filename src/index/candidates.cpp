#include "index/candidates.hpp"

#include <algorithm>
#include <functional>
#include <regex>

#include "index/explain.hpp"
#include "pg/identifier.hpp"

namespace scalectl::index {
namespace {

using core::Object;
using core::Value;

constexpr std::size_t kMostKeys = 3;

void each_node(const Object& node, const std::function<void(const Object&)>& visit) {
  visit(node);
  const Value* below = node.find("Plans");
  if (below == nullptr || below->if_array() == nullptr) return;
  for (const Value& child : *below->if_array()) each_node(*child.if_object(), visit);
}

/// What a query does with the columns of one table.
struct Uses {
  std::vector<std::string> equal;
  std::vector<std::string> range;
  std::vector<std::string> sorted;  ///< as keys, with their direction
};

void add_once(std::vector<std::string>& list, const std::string& word) {
  if (std::find(list.begin(), list.end(), word) == list.end()) list.push_back(word);
}

/// `text` so that a regular expression takes it literally.
std::string literally(const std::string& text) {
  static const std::regex kSpecial(R"([.^$|()\[\]{}*+?\\])");
  return std::regex_replace(text, kSpecial, R"(\$&)");
}

/// The names that a deparsed expression may give `name`: quoted only where it must be.
std::string either(const std::string& name) {
  return "(?:" + literally(name) + "|" + literally(pg::quote_identifier(name)) + ")";
}

/// Conditions of all nodes, and the sort keys.
struct Clauses {
  std::vector<std::string> conditions;
  std::vector<std::string> sort_keys;
};

Clauses clauses_of(const Value& plan) {
  Clauses found;
  each_node(root_of(plan), [&](const Object& node) {
    for (const char* key : {"Filter", "Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond",
                            "Join Filter", "Cache Key"}) {
      const std::string text = text_in(node, key);
      if (!text.empty()) found.conditions.push_back(text);
    }
    const Value* keys = node.find("Sort Key");
    if (keys == nullptr || keys->if_array() == nullptr) return;
    for (const Value& key : *keys->if_array()) {
      if (key.if_text() != nullptr) found.sort_keys.push_back(*key.if_text());
    }
  });
  return found;
}

/// How the expressions name a column: "u.email", or "(u.email)::text" where it is cast.
std::string reference(const std::string& alias, const std::string& column) {
  const std::string name = either(alias) + "\\." + either(column);
  return "(?:" + name + "|\\(" + name + "\\)::[a-z ]+)";
}

Uses uses_of(const Clauses& clauses, const std::string& alias,
             const std::vector<std::string>& columns) {
  Uses uses;
  for (const std::string& column : columns) {
    const std::string name = reference(alias, column);
    const std::regex equal("(?:^|[ (])" + name + " = |[^<>!] = " + name + "(?:[ )]|$)");
    const std::regex range("(?:^|[ (])" + name + " [<>]=? |[<>]=? " + name + "(?:[ )]|$)");
    for (const std::string& condition : clauses.conditions) {
      if (std::regex_search(condition, equal)) add_once(uses.equal, column);
      if (std::regex_search(condition, range)) add_once(uses.range, column);
    }
  }
  for (const std::string& key : clauses.sort_keys) {
    for (const std::string& column : columns) {
      std::smatch found;
      const std::regex shape("^" + reference(alias, column) + "( DESC)?$");
      if (!std::regex_match(key, found, shape)) continue;
      uses.sorted.push_back(pg::quote_identifier(column) + found[1].str());
    }
  }
  return uses;
}

}  // namespace

std::map<std::string, Scanned> scanned_tables(const Value& plan) {
  std::map<std::string, Scanned> tables;
  each_node(root_of(plan), [&](const Object& node) {
    const std::string relation = text_in(node, "Relation Name");
    if (relation.empty() || text_in(node, "Node Type") == "ModifyTable") return;
    tables[text_in(node, "Alias")] = {.schema = text_in(node, "Schema"), .table = relation};
  });
  return tables;
}

std::vector<Candidate> candidates(const Value& plan,
                                  const std::map<Scanned, std::vector<std::string>>& columns) {
  std::vector<Candidate> list;
  const Clauses clauses = clauses_of(plan);
  for (const auto& [alias, on] : scanned_tables(plan)) {
    const auto known = columns.find(on);
    if (known == columns.end()) continue;
    const Uses uses = uses_of(clauses, alias, known->second);
    const auto add = [&, table = on](std::vector<std::string> keys,
                                     const std::vector<std::string>& more = {}) {
      for (const std::string& key : more) {
        // What is compared for equality needs no sorting.
        if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
      }
      if (keys.size() > kMostKeys) keys.resize(kMostKeys);
      const Candidate made{.on = table, .keys = std::move(keys)};
      if (made.keys.empty() || std::find(list.begin(), list.end(), made) != list.end()) return;
      list.push_back(made);
    };
    std::vector<std::string> equal;
    for (const std::string& column : uses.equal) equal.push_back(pg::quote_identifier(column));
    add(equal, uses.sorted);
    add(equal);
    for (const std::string& column : uses.range) add(equal, {pg::quote_identifier(column)});
    for (const std::string& key : equal) add({key}, uses.sorted);
    for (const std::string& key : equal) add({key});
    for (const std::string& column : uses.range) add({pg::quote_identifier(column)});
    add(uses.sorted);
  }
  return list;
}

}  // namespace scalectl::index
