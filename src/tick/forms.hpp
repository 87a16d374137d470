// Forms: the sections of a tick file that say how else it can be run: @rows, @batched, @epoch.
#pragma once

#include <string>
#include <vector>

#include "catalog/front_matter.hpp"
#include "tick/definition.hpp"

namespace scalectl::tick {

/// Reads a section into `tick`, whose head is read already. Throws Error (usage) naming file and
/// line.
void parse_form(const catalog::File& file, const catalog::Section& section, Definition& tick);

/// The field of a key that check() has found to be there.
const catalog::Field& field_of(const catalog::Section& section, std::string_view key);

/// Every value that `sql` binds must be a parameter, or one of `more`.
void check_values(const catalog::File& file, const catalog::SqlText& sql,
                  const std::vector<Parameter>& parameters,
                  const std::vector<std::string>& more = {});

/// The template under `key` may name the placeholders `known`.
void check_template(const catalog::File& file, const catalog::Section& section,
                    const std::string& key, const std::vector<std::string>& known);

}  // namespace scalectl::tick
