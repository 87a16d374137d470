#include "cli/application.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "cli/tree.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace scalectl::cli {
namespace {

using core::usage_error;

/// CLI11's help, but for flags with an optional value.
class Formatter : public CLI::Formatter {
 public:
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    return with_optional_value(CLI::Formatter::make_option_name(option, is_positional));
  }
};

/// CLI11's message without its habit of shouting types at the reader.
std::string tidy(std::string message) {
  const auto cut = message.find("\nRun with");
  if (cut != std::string::npos) message.resize(cut);
  return message;
}

}  // namespace

Application::Application(const std::string& name, const std::string& summary,
                         const std::string& version)
    : root_(std::make_unique<CLI::App>(summary, name)) {
  root_->set_help_flag("-h,--help", "Print this help and exit");
  root_->set_version_flag("--version", name + " " + version, "Print the version and exit");
  root_->add_flag("--reference", wants_reference_, "Print every command as Markdown and exit");
  global().option("--completion", completion_, "Print a completion script and exit", "SHELL");
  root_->option_defaults()->always_capture_default(false);
  const auto formatter = std::make_shared<Formatter>();
  formatter->column_width(34);
  root_->formatter(formatter);
  root_->allow_extras();  // leftovers get a better message from refuse_leftovers()
  root_->fallthrough();
  root_->require_subcommand(0, 1);  // a second command's name is an operand, or unexpected
}

Application::~Application() = default;

Command Application::global() { return Command(*this, *root_); }

Command Application::command(const std::string& name, const std::string& summary) {
  return Command(*this, *root_->add_subcommand(name, summary)->require_subcommand(0, 1));
}

CLI::App& Application::deepest() const {
  CLI::App* app = root_.get();
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return *app;
}

void Application::refuse_leftovers() const {
  const CLI::App& app = deepest();
  const std::string path = path_of(app);
  const std::string prefix = path.empty() ? "" : path + ": ";
  auto leftovers = root_->remaining(true);
  std::erase(leftovers, "--");  // it only says that no options follow

  std::vector<std::string> verbs;
  for (const CLI::App* child : children(app)) verbs.push_back(child->get_name());
  const bool needs_verb = !verbs.empty();
  const std::string noun = path.empty() ? "command" : "verb";

  if (needs_verb && !path.empty() && !leftovers.empty() && leftovers.front().rfind('-', 0) == 0) {
    throw usage_error(fmt::format("{}a verb is missing before {}", prefix, leftovers.front()),
                      "there are: " + core::join(verbs, ", "));
  }
  if (!leftovers.empty() && leftovers.front().rfind('-', 0) == 0) {
    const std::string given = leftovers.front().substr(0, leftovers.front().find('='));
    auto known = option_names(app);
    for (const std::string& name : option_names(*root_)) known.push_back(name);
    throw usage_error(
        fmt::format("{}unknown option {}", prefix, given),
        core::did_you_mean(given, known,
                           fmt::format("see scalectl {}{}--help", path, path.empty() ? "" : " ")));
  }
  if (needs_verb && !leftovers.empty()) {
    throw usage_error(
        fmt::format("{}unknown {} \"{}\"", prefix, noun, leftovers.front()),
        core::did_you_mean(leftovers.front(), verbs, "there are: " + core::join(verbs, ", ")));
  }
  if (needs_verb) {
    throw usage_error(fmt::format("{}a {} is missing", prefix, noun),
                      "there are: " + core::join(verbs, ", "));
  }
  if (!leftovers.empty()) {
    throw usage_error(fmt::format("{}unexpected \"{}\"", prefix, leftovers.front()),
                      fmt::format("see scalectl {} --help", path));
  }
}

std::vector<std::string> Application::with_names_repeated(
    const std::vector<std::string>& arguments) const {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    all.push_back(arguments[i]);
    if (arguments[i] == "--") {
      all.insert(all.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                 arguments.end());
      break;
    }
    const auto found = spread_.find(arguments[i].substr(0, arguments[i].find('=')));
    if (found == spread_.end()) continue;
    const bool has_value = arguments[i].size() > found->first.size();
    if (!has_value && i + 1 < arguments.size()) all.push_back(arguments[++i]);
    while (i + 1 < arguments.size() && found->second(arguments[i + 1])) {
      all.insert(all.end(), {found->first, arguments[++i]});
    }
  }
  return all;
}

int Application::run(const std::vector<std::string>& given) {
  const std::vector<std::string> arguments = with_names_repeated(given);
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    root_->parse(std::move(reversed));
    if (wants_reference_ || !completion_.value.empty()) {
      std::cout << (wants_reference_ ? reference() : bash_completion());
      return 0;
    }
    refuse_leftovers();
  } catch (const CLI::CallForHelp&) {
    const CLI::App& app = deepest();
    const std::string path = root_->get_name() + " " + path_of(app);
    std::cout << app.help(&app == root_.get() ? "" : path.substr(0, path.rfind(' ')));
    return 0;
  } catch (const CLI::CallForVersion& version) {
    std::cout << version.what() << "\n";
    return 0;
  } catch (const CLI::RequiredError& error) {
    refuse_leftovers();  // a misspelt option explains more than the operand that it hides
    const std::string path = path_of(deepest());
    throw usage_error(fmt::format("{}: {}", path, tidy(error.what())),
                      fmt::format("see scalectl {} --help", path));
  } catch (const CLI::ParseError& error) {
    const std::string path = path_of(deepest());
    throw usage_error((path.empty() ? "" : path + ": ") + tidy(error.what()),
                      fmt::format("see scalectl {}--help", path.empty() ? "" : path + " "));
  }
  const CLI::App& app = deepest();
  chosen_ = path_of(app);
  if (before_action_) before_action_();
  return actions_.at(&app)();
}

// --- Command ---

Command Command::verb(const std::string& name, const std::string& summary) {
  return Command(*application_, *app_->add_subcommand(name, summary)->require_subcommand(0, 1));
}

Command& Command::example(const std::string& line) {
  auto& examples = application_->examples_[app_];
  examples.push_back(line);
  app_->footer("\nExample:\n  " + core::join(examples, "\n  "));
  return *this;
}

Command& Command::flag(const std::string& names, bool& target, const std::string& help) {
  app_->add_flag(names, target, help);
  return *this;
}

Command& Command::flag_or_value(const std::string& name, std::optional<std::string>& target,
                                const std::string& default_value, const std::string& help) {
  std::string& value = application_->storage_.emplace_back();
  app_->add_flag(name + "{" + default_value + "}", value, help)
      ->each([&target](const std::string& given) { target = given; });
  return *this;
}

void Command::add_option(const std::string& names, std::function<void(const std::string&)> read,
                         const std::string& default_text, const std::string& placeholder,
                         const std::string& help) {
  const std::string shown = names.substr(names.rfind(',') + 1);
  CLI::Option* option = app_->add_option_function<std::string>(
      names,
      [read = std::move(read), shown](const std::string& text) {
        try {
          read(text);
        } catch (const core::Error& error) {
          throw error.within(shown);
        }
      },
      help);
  option->type_name(placeholder);
  option->default_str(default_text);
}

Command& Command::list(const std::string& names, std::vector<std::string>& target,
                       const std::string& help, const std::string& placeholder,
                       std::function<bool(const std::string&)> is_value) {
  if (is_value) application_->spread_[names.substr(names.rfind(',') + 1)] = std::move(is_value);
  // One value each time, so that an operand that follows is not eaten.
  app_->add_option(names, target, help)->type_name(placeholder)->allow_extra_args(false);
  return *this;
}

Command& Command::operand(const std::string& name, std::string& target, const std::string& help,
                          bool required) {
  app_->add_option(name, target, help)->type_name("")->required(required);
  return *this;
}

Command& Command::operands(const std::string& name, std::vector<std::string>& target,
                           const std::string& help) {
  app_->add_option(name, target, help)->type_name("")->required();
  return *this;
}

void Command::action(std::function<int()> run) { application_->actions_[app_] = std::move(run); }

}  // namespace scalectl::cli
