#include "tick/statements.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"

namespace scalectl::tick {
namespace {

using core::usage_error;

/// What was given for `parameter`, or its default.
const std::string& text_of(const Parameter& parameter, const Options& options) {
  const auto given = options.parameters.find(parameter.name);
  return given == options.parameters.end() ? parameter.default_value : given->second;
}

/// The types of what the engine binds itself.
const std::map<std::string, std::string> kEngineCasts{
    {"after", "bigint"}, {"upto", "bigint"}, {"batch", "bigint"}, {"started", "timestamptz"}};

}  // namespace

Statements::Statements(const Definition& tick, const Options& options)
    : tick_(tick), options_(options) {
  for (const Parameter& parameter : tick.parameters) {
    values_[parameter.variable] = parameter.to_sql(text_of(parameter, options));
  }
  for (const auto& [name, value] : options.parameters) {
    if (tick.find_parameter(name) != nullptr) continue;
    std::vector<std::string> names;
    for (const Parameter& parameter : tick.parameters) names.push_back(parameter.name);
    throw usage_error(
        fmt::format("tick {} has no parameter --{}", tick.name, name),
        core::did_you_mean(
            name, names,
            names.empty() ? "it takes none" : "it takes --" + core::join(names, ", --")));
  }
}

catalog::BoundSql Statements::bind(const catalog::SqlText& sql) const {
  return sql.bind([this](const std::string& name) { return options_.naming.table(name); },
                  [this](const std::string& name) {
                    if (const Parameter* parameter = tick_.find_parameter(name)) {
                      return parameter->cast();
                    }
                    const auto engine =
                        tick_.batched ? kEngineCasts.find(name) : kEngineCasts.end();
                    return engine == kEngineCasts.end() ? std::string() : engine->second;
                  });
}

pg::Params Statements::params(const catalog::BoundSql& bound, const Values& more) const {
  pg::Params params;
  for (const std::string& name : bound.parameters) {
    const auto at = more.find(name);
    params.push_back(at == more.end() ? values_.at(name) : at->second);
  }
  return params;
}

const pg::Param* Statements::find(const std::string& variable) const {
  const auto at = values_.find(variable);
  return at == values_.end() ? nullptr : &at->second;
}

core::Object Statements::described() const {
  core::Object object;
  for (const Parameter& parameter : tick_.parameters) {
    auto [key, value] = parameter.described(text_of(parameter, options_));
    object.set(std::move(key), std::move(value));
  }
  return object;
}

}  // namespace scalectl::tick
