#include "load/scenario/csv.hpp"

#include "core/error.hpp"

namespace scalectl::load::scenario {
namespace {

/// Goes through the text by characters, knowing where it is.
class Reader {
 public:
  Reader(std::string_view text, const std::string& file) : text_(text), file_(file) {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
  }

  std::vector<CsvRecord> read() {
    std::vector<CsvRecord> records;
    while (at_ < text_.size()) records.push_back(record());
    return records;
  }

 private:
  CsvRecord record() {
    CsvRecord fields;
    for (;;) {
      fields.push_back(field());
      if (at_ < text_.size() && text_[at_] == ',') {
        step();
        continue;
      }
      if (text_.substr(at_, 1) == "\r") step();
      step();  // the line end
      return fields;
    }
  }

  bool at_end_of_field() const {
    if (at_ >= text_.size() || text_[at_] == ',' || text_[at_] == '\n') return true;
    return text_[at_] == '\r' && (at_ + 1 == text_.size() || text_[at_ + 1] == '\n');
  }

  CsvField field() {
    CsvField field{.place = place_};
    if (at_ < text_.size() && text_[at_] == '"') {
      quoted(field);
      if (!at_end_of_field()) throw error(place_, "text after a closing quote", kQuotes);
      return field;
    }
    while (!at_end_of_field()) {
      if (text_[at_] == '"') throw error(place_, "a quote amid a field", kQuotes);
      field.text += text_[at_];
      step();
    }
    return field;
  }

  void quoted(CsvField& field) {
    const core::Place open = place_;
    step();
    for (;;) {
      if (at_ >= text_.size()) throw error(open, "a quote that is not closed", kQuotes);
      if (text_[at_] == '"') {
        step();
        if (text_.substr(at_, 1) != "\"") return;
      }
      field.text += text_[at_];
      step();
    }
  }

  void step() {
    if (at_ >= text_.size()) return;
    const auto c = static_cast<unsigned char>(text_[at_++]);
    if (c == '\n') {
      ++place_.line;
      place_.column = 1;
    } else if ((c & 0xC0) != 0x80) {
      ++place_.column;
    }
  }

  core::Error error(core::Place place, const std::string& what, std::string hint) const {
    return core::usage_error(core::to_text(file_, place) + ": " + what, std::move(hint));
  }

  static constexpr const char* kQuotes =
      "a field with quotes, commas or line ends stands in quotes, each quote in it doubled";

  std::string_view text_;
  const std::string& file_;
  std::size_t at_ = 0;
  core::Place place_;
};

}  // namespace

std::vector<CsvRecord> parse_csv(std::string_view text, const std::string& file) {
  return Reader(text, file).read();
}

}  // namespace scalectl::load::scenario
