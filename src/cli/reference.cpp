// What derives from the declared commands, besides their help: the reference and the completion.
#include <fmt/format.h>

#include <functional>

#include "cli/application.hpp"
#include "cli/tree.hpp"
#include "core/text.hpp"

namespace scalectl::cli {

std::string Application::reference() const {
  std::string text;
  const auto describe = [&](const CLI::App& app) {
    for (const CLI::Option* option : app.get_options()) {
      if (option->get_lnames() == std::vector<std::string>{"help"}) continue;
      const std::string name = option->get_positional()
                                   ? option->get_name()
                                   : with_optional_value(option->get_name(false, true));
      std::string meta = option->get_type_size_max() == 0 ? "" : option->get_type_name();
      if (!meta.empty() && option->get_positional()) meta.clear();
      const std::string value = option->get_default_str();
      text += fmt::format("- `{}{}`: {}{}\n", name, meta.empty() ? "" : " " + meta,
                          option->get_description(),
                          value.empty() ? "" : fmt::format(" (default: `{}`)", value));
    }
  };
  const std::function<void(const CLI::App&)> visit = [&](const CLI::App& app) {
    const auto below = children(app);
    if (below.empty()) {
      text += fmt::format("\n**`scalectl {}`** {}\n\n", path_of(app), app.get_description());
      describe(app);
      const auto examples = examples_.find(&app);
      if (examples != examples_.end()) {
        text += fmt::format("\n```sh\n{}\n```\n", core::join(examples->second, "\n"));
      }
    }
    for (const CLI::App* child : below) visit(*child);
  };
  text += "**Global options**\n\n";
  describe(*root_);
  for (const CLI::App* child : children(*root_)) visit(*child);
  return text;
}

std::string Application::bash_completion() const {
  std::string cases;
  const std::string globals = core::join(option_names(*root_), " ");
  const std::function<void(const CLI::App&)> visit = [&](const CLI::App& app) {
    std::vector<std::string> words = option_names(app);
    for (const CLI::App* child : children(app)) words.push_back(child->get_name());
    cases += fmt::format("    \"{}\") words=\"{} {}\" ;;\n", path_of(app), core::join(words, " "),
                         &app == root_.get() ? "" : globals);
    for (const CLI::App* child : children(app)) visit(*child);
  };
  visit(*root_);
  return "# bash completion for scalectl: source <(scalectl --completion bash)\n"
         "_scalectl() {\n"
         "  local word path=\"\" words=\"\"\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    case $word in -*) ;; *) [ \"$(wc -w <<<\"$path\")\" -lt 2 ] && "
         "path=\"${path:+$path }$word\" ;; esac\n"
         "  done\n"
         "  case $path in\n" +
         cases + "    *) words=\"" + globals +
         "\" ;;\n"
         "  esac\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\")\n"
         "}\n"
         "complete -o default -F _scalectl scalectl\n";
}

}  // namespace scalectl::cli
