#include "secrets.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace scalectl::tool {
namespace {

void blot_out(char* text) { std::fill_n(text, std::strlen(text), 'x'); }

}  // namespace

std::vector<std::string> take_arguments(int argc, char** argv) {
  std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  for (int i = 1; i < argc; ++i) {
    for (const std::string_view option : {"--dsn", "--redis"}) {
      const std::string_view argument = argv[i];
      if (argument == option && i + 1 < argc) {
        blot_out(argv[i + 1]);
      } else if (argument.substr(0, option.size() + 1) == std::string(option) + "=") {
        blot_out(argv[i] + option.size() + 1);
      }
    }
  }
  return arguments;
}

}  // namespace scalectl::tool
