#include "schema/layout_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "catalog/front_matter.hpp"
#include "core/error.hpp"
#include "pg/identifier.hpp"

namespace scalectl::schema {
namespace {

constexpr std::string_view kMark = "$body$";
constexpr std::string_view kBody = "body ";  // what a placeholder for one begins with
constexpr std::string_view kIndex = "index ";

/// Takes the function bodies out of `text` and puts placeholders in their place; lines stay where
/// they are.
std::string without_bodies(const catalog::File& file, const std::string& text, int line,
                           std::vector<catalog::SqlText>& bodies) {
  std::string out;
  std::size_t from = 0;
  while (true) {
    const std::size_t open = text.find(kMark, from);
    out += text.substr(from, open - from);
    if (open == std::string::npos) return out;
    const int at =
        line + static_cast<int>(std::count(text.begin(),
                                           text.begin() + static_cast<std::ptrdiff_t>(open), '\n'));
    const std::size_t begin = open + kMark.size();
    const std::size_t close = text.find(kMark, begin);
    if (close == std::string::npos) throw catalog::file_error(file, at, "a $body$ has no end");
    const std::string body = text.substr(begin, close - begin);
    bodies.emplace_back(file, body, at);
    if (!bodies.back().values().empty()) {
      throw catalog::file_error(
          file, at,
          fmt::format("a function binds no values, found :{}", bodies.back().values().front()));
    }
    out += fmt::format(":\"{}{}\"", kBody, bodies.size() - 1) +
           std::string(static_cast<std::size_t>(std::count(body.begin(), body.end(), '\n')), '\n');
    from = close + kMark.size();
  }
}

std::vector<LayoutStatement> statements_of(const catalog::File& file,
                                           const catalog::Section& section) {
  std::vector<catalog::SqlText> bodies;
  const std::string text = without_bodies(file, section.body, section.body_line, bodies);
  std::vector<LayoutStatement> statements;
  for (catalog::SqlText& sql : catalog::split_statements(file, text, section.body_line)) {
    statements.emplace_back(std::move(sql), bodies);
  }
  if (statements.empty()) {
    throw catalog::file_error(file, section.line,
                              fmt::format("expected a statement in @{}", section.head));
  }
  return statements;
}

LayoutIndex index_of(const catalog::File& file, const catalog::Section& section) {
  check(file, section, {{.key = "table", .required = true}, {.key = "comment", .required = true}});
  return {.name = section.head.substr(kIndex.size()),
          .table = section.get("table"),
          .comment = section.get("comment"),
          .create = statements_of(file, section).front()};
}

int percent_of(const catalog::File& file, const catalog::Section& section) {
  const std::string text = section.get("fillfactor");
  int percent = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, percent);
  if (parsed.ec != std::errc() || parsed.ptr != end || percent < 10 || percent > 100) {
    throw catalog::file_error(file, 1, fmt::format("fillfactor is 10 to 100, found \"{}\"", text));
  }
  return percent;
}

}  // namespace

catalog::BoundSql LayoutStatement::bind(const Place& place,
                                        const std::map<std::string, std::string>& lists,
                                        const std::map<std::string, std::string>& types) const {
  const auto cast = [&](const std::string& name) {
    const auto type = types.find(name);
    return type == types.end() ? std::string() : type->second;
  };
  std::function<std::string(const std::string&)> quote = [&](const std::string& name) {
    if (name.rfind(kBody, 0) == 0) {
      const auto body = static_cast<std::size_t>(std::stoul(name.substr(kBody.size())));
      return pg::quote_literal(bodies_.at(body).bind(quote, cast).sql);
    }
    const auto list = lists.find(name);
    if (list != lists.end()) return list->second;
    quote_in(place, name);  // for its checks
    return place.quoted(name);
  };
  return sql_.bind(quote, cast);
}

const std::vector<LayoutStatement>& LayoutFile::step(const std::string& step) const {
  const auto found = steps.find(step);
  if (found != steps.end()) return found->second;
  throw core::usage_error(fmt::format("layout {} has no section @{}", name, step),
                          "the files below sql/layouts/ show the shape");
}

LayoutFile load_layout(const catalog::Catalog& catalog, const std::string& family,
                       const std::string& layout) {
  const catalog::File file = catalog.find("sql/layouts/" + family, layout, "layout").file;
  const auto sections = catalog::parse_sections(file);
  const catalog::Section& head = sections.front();
  check(file, head,
        {{.key = "layout", .required = true},
         {.key = "summary", .required = true},
         {.key = "fillfactor"}});
  if (head.get("layout") != layout) {
    throw catalog::file_error(file, 1, fmt::format("expected \"-- layout: {}\"", layout));
  }
  LayoutFile read{.name = layout, .summary = head.get("summary")};
  if (head.find("fillfactor")) read.fillfactor = percent_of(file, head);
  for (std::size_t i = 1; i < sections.size(); ++i) {
    const catalog::Section& section = sections[i];
    if (section.head.rfind(kIndex, 0) == 0) {
      read.indexes.push_back(index_of(file, section));
      continue;
    }
    check(file, section, {{.key = "summary", .required = true}});
    if (!read.steps.emplace(section.head, statements_of(file, section)).second) {
      throw catalog::file_error(file, section.line,
                                fmt::format("@{} stands here twice", section.head));
    }
  }
  return read;
}

}  // namespace scalectl::schema
