#include "core/json_document.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/error.hpp"

namespace scalectl::core {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxDepth = 100;

/// Follows the parser through the text: at each of its events, where the token begins that the
/// event is about. All that was passed is known to be valid.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }

  /// Where the next token begins; goes past it.
  Place next() {
    skip_between();
    const Place place = place_;
    switch (at_ < text_.size() ? text_[at_] : '\0') {
      case '"':
        step();
        while (at_ < text_.size() && text_[at_] != '"') {
          if (text_[at_] == '\\') step();
          step();
        }
        step();
        break;
      case '{':
      case '}':
      case '[':
      case ']':
        step();
        break;
      default:
        while (at_ < text_.size() &&
               std::string_view(",]}/ \t\r\n").find(text_[at_]) == std::string_view::npos) {
          step();
        }
    }
    return place;
  }

  /// The place of byte `offset`, which is not before what was passed.
  Place at(std::size_t offset) {
    while (at_ < offset && at_ < text_.size()) step();
    return place_;
  }

 private:
  void step() {
    if (at_ >= text_.size()) return;
    const auto c = static_cast<unsigned char>(text_[at_++]);
    if (c == '\n') {
      ++place_.line;
      place_.column = 1;
    } else if ((c & 0xC0) != 0x80) {  // bytes that go on a character of UTF-8 have no column
      ++place_.column;
    }
  }

  /// White space, comments, and the commas and colons that no event is about.
  void skip_between() {
    while (at_ < text_.size()) {
      const std::string_view rest = text_.substr(at_);
      std::size_t end = at_ + 1;
      if (rest.starts_with("//")) {
        end = text_.find('\n', at_);
      } else if (rest.starts_with("/*")) {
        end = text_.find("*/", at_ + 2);
        if (end != std::string_view::npos) end += 2;
      } else if (std::string_view(" \t\r\n,:").find(rest[0]) == std::string_view::npos) {
        return;
      }
      at(end);
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Place place_;
};

/// Builds the tree as the parser tells it what it reads.
class Builder {
 public:
  Builder(std::string_view text, const std::string& file)
      : tokens_(text), places_(text), file_(file) {}

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(Json::number_integer_t value) { return add(value); }
  bool number_unsigned(Json::number_unsigned_t value) {
    if (value > std::numeric_limits<std::int64_t>::max()) return add(static_cast<double>(value));
    return add(static_cast<std::int64_t>(value));
  }
  bool number_float(Json::number_float_t value, const std::string& /*text*/) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(Json::binary_t& /*value*/) { return false; }

  bool start_object(std::size_t /*size*/) { return open(JsonNode::Members()); }
  bool key(std::string& name) {
    const Place place = tokens_.next();
    auto& members = std::get<JsonNode::Members>(open_.back().data);
    for (const JsonMember& member : members) {
      if (member.name != name) continue;
      throw usage_error(to_text(file_, place) + ": \"" + name + "\" is there twice",
                        "the first one is in line " + std::to_string(member.place.line) +
                            ", column " + std::to_string(member.place.column));
    }
    members.push_back({.name = std::move(name), .place = place, .value = {}});
    return true;
  }
  bool end_object() { return close(); }
  bool start_array(std::size_t /*size*/) { return open(JsonNode::List()); }
  bool end_array() { return close(); }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& error) {
    const std::string what = error.what();
    // The library's text is "[json.exception…] parse error at line …: reason"; keep the reason.
    const auto reason = what.find(": ");
    throw usage_error(
        to_text(file_, places_.at(position > 0 ? position - 1 : 0)) +
            ": not valid JSON: " + (reason == std::string::npos ? what : what.substr(reason + 2)),
        "comments are allowed, commas before a closing bracket are not");
  }

  JsonNode take() { return std::move(root_); }

 private:
  template <typename T>
  bool add(T value) {
    const Place place = tokens_.next();
    put(JsonNode{.place = place, .data = std::move(value)});
    return true;
  }

  template <typename T>
  bool open(T container) {
    const Place place = tokens_.next();
    if (open_.size() == kMaxDepth) {
      throw usage_error(to_text(file_, place) + ": nested more than " + std::to_string(kMaxDepth) +
                        " deep");
    }
    open_.push_back(JsonNode{.place = place, .data = std::move(container)});
    return true;
  }

  bool close() {
    tokens_.next();
    JsonNode node = std::move(open_.back());
    open_.pop_back();
    put(std::move(node));
    return true;
  }

  void put(JsonNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (auto* list = std::get_if<JsonNode::List>(&open_.back().data)) {
      list->push_back(std::move(node));
    } else {
      std::get<JsonNode::Members>(open_.back().data).back().value = std::move(node);
    }
  }

  Tokens tokens_;
  Tokens places_;  // of errors
  const std::string& file_;
  std::vector<JsonNode> open_;
  JsonNode root_;
};

}  // namespace

std::string to_text(const std::string& file, Place place) {
  return file + ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
}

const JsonNode* JsonNode::find(std::string_view name) const {
  if (const Members* members = if_object()) {
    for (const JsonMember& member : *members) {
      if (member.name == name) return &member.value;
    }
  }
  return nullptr;
}

std::string_view JsonNode::kind() const {
  constexpr std::string_view kKinds[] = {"null",   "true or false", "a number", "a number",
                                         "a text", "a list",        "an object"};
  return kKinds[data.index()];
}

Value JsonNode::value() const {
  if (const bool* v = if_bool()) return *v;
  if (const std::int64_t* v = if_integer()) return *v;
  if (const double* v = if_real()) return *v;
  if (const std::string* v = if_text()) return *v;
  if (const List* list = if_list()) {
    Array array;
    for (const JsonNode& node : *list) array.push_back(node.value());
    return array;
  }
  if (const Members* members = if_object()) {
    Object object;
    for (const JsonMember& member : *members) object.set(member.name, member.value.value());
    return object;
  }
  return nullptr;
}

JsonNode parse_json_document(std::string_view text, const std::string& file) {
  Builder builder(text, file);
  Json::sax_parse(text.begin(), text.end(), &builder, Json::input_format_t::json, true, true);
  return builder.take();
}

}  // namespace scalectl::core
