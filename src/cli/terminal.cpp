#include "cli/terminal.hpp"

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "core/text.hpp"

namespace scalectl::cli {
namespace {

constexpr auto kRedrawEvery = std::chrono::milliseconds(100);
constexpr double kLogEvery_s = 4.9;
constexpr int kDefaultWidth = 80;

/// %* in a pattern: the level in the words of seed 000's log lines.
class LevelWord : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& out) override {
    constexpr std::string_view kWords[] = {"TRACE", "DEBUG",    "INFO", "WARNING",
                                           "ERROR", "CRITICAL", "OFF"};
    const std::string_view word = kWords[message.level];
    out.append(word.data(), word.data() + word.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<LevelWord>();
  }
};

spdlog::level::level_enum spdlog_level(core::LogLevel level) {
  switch (level) {
    case core::LogLevel::kDebug:
      return spdlog::level::debug;
    case core::LogLevel::kInfo:
      return spdlog::level::info;
    case core::LogLevel::kWarning:
      return spdlog::level::warn;
    case core::LogLevel::kError:
      break;
  }
  return spdlog::level::err;
}

int terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return kDefaultWidth;
}

bool color_allowed(int fd) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return isatty(fd) != 0 && (no_color == nullptr || *no_color == '\0') && term != nullptr &&
         std::string_view(term) != "dumb";
}

}  // namespace

struct Terminal::Logger {
  explicit Logger(bool color)
      : log("scalectl", std::make_shared<spdlog::sinks::stderr_color_sink_mt>(
                            color ? spdlog::color_mode::always : spdlog::color_mode::never)) {
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<LevelWord>('*').set_pattern("%^%*%$ - %v");
    log.set_formatter(std::move(formatter));
  }
  spdlog::logger log;
};

Terminal::Terminal() : is_terminal_(isatty(STDERR_FILENO) != 0) { configure(false, false, true); }

Terminal::~Terminal() { erase_bar(); }

void Terminal::configure(bool quiet, bool verbose, bool color) {
  logger_ = std::make_unique<Logger>(color && color_allowed(STDERR_FILENO));
  logger_->log.set_level(quiet     ? spdlog::level::warn
                         : verbose ? spdlog::level::debug
                                   : spdlog::level::info);
  bars_ = is_terminal_ && !quiet;
}

void Terminal::log(core::LogLevel level, std::string_view message) {
  erase_bar();
  logger_->log.log(spdlog_level(level), message);
}

void Terminal::progress(std::string_view what, std::uint64_t done, std::uint64_t total,
                        std::string_view unit) {
  if (!bars_) return;
  const auto now = std::chrono::steady_clock::now();
  if (bar_of_ != what) {
    bar_of_ = what;
    started_ = now;
    drawn_ = {};
  }
  if (done >= total) {
    erase_bar();
    bar_of_.clear();
    return;
  }
  if (now - drawn_ < kRedrawEvery) return;
  drawn_ = now;
  const double elapsed = std::chrono::duration<double>(now - started_).count();
  const std::string line = render_bar(what, done, total, unit, elapsed, terminal_width());
  fmt::print(stderr, "\r{}\x1b[K", line);
  std::fflush(stderr);
  lines_shown_ = 1;
}

void Terminal::snapshot(const core::Snapshot& now) {
  if (!bars_) {
    if (now.elapsed_s < logged_s_) logged_s_ = 0;  // another run
    if (now.elapsed_s - logged_s_ < kLogEvery_s) return;
    logged_s_ = now.elapsed_s;
    return log(core::LogLevel::kInfo, fmt::format("{} {}", now.what, render_snapshot(now)));
  }
  erase_bar();
  for (const std::string& line : render_panel(now, terminal_width())) {
    fmt::print(stderr, "{}{}", lines_shown_++ == 0 ? "" : "\n", line);
  }
  std::fflush(stderr);
}

void Terminal::erase_bar() {
  if (lines_shown_ == 0) return;
  for (; lines_shown_ > 1; --lines_shown_) fmt::print(stderr, "\r\x1b[K\x1b[A");
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
  lines_shown_ = 0;
}

bool stdout_takes_color() { return color_allowed(STDOUT_FILENO); }

std::string render_bar(std::string_view what, std::uint64_t done, std::uint64_t total,
                       std::string_view unit, double elapsed_s, int width) {
  const double share =
      total == 0 ? 1 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const double rate = elapsed_s > 0 ? static_cast<double>(done) / elapsed_s : 0;
  std::string right = fmt::format(" {:3.0f} %", share * 100);
  if (unit != "%") {  // a share of something says nothing more
    right += fmt::format("  {}/{} {}  {}/s", core::grouped(done), core::grouped(total), unit,
                         core::grouped(static_cast<std::uint64_t>(rate)));
  }
  const int room = width - 1 - static_cast<int>(what.size() + right.size()) - 3;
  std::string line(what);
  if (room >= 10) {
    const int bar = std::min(room, 40);
    const int filled = static_cast<int>(share * bar);
    line += fmt::format(" [{}{}]", std::string(static_cast<std::size_t>(filled), '='),
                        std::string(static_cast<std::size_t>(bar - filled), ' '));
  }
  line += right;
  return line.substr(0, static_cast<std::size_t>(std::max(1, width - 1)));
}

}  // namespace scalectl::cli
