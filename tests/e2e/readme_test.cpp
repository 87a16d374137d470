// The README against the binary.
#include <gmock/gmock.h>

#include <string>

#include "process/files.hpp"
#include "support/command.hpp"

namespace scalectl::test {
namespace {

using testing::HasSubstr;

/// What stands between the two lines `begin` and `end` of README.md.
std::string readme_between(const std::string& begin, const std::string& end) {
  const std::string text = process::read_file(SCALECTL_SOURCE_DIR "/README.md");
  const auto from = text.find(begin);
  const auto to = text.find(end);
  if (from == std::string::npos || to == std::string::npos) return "";
  return text.substr(from + begin.size(), to - from - begin.size());
}

TEST(Readme, ReferenceIsWhatTheBinaryPrints) {
  const std::string reference =
      readme_between("<!-- scalectl --reference -->\n\n", "\n<!-- end of reference -->");
  EXPECT_EQ(reference, scalectl({"--reference"}).out)
      << "put the output of scalectl --reference there";
}

TEST(Completion, OffersTheOptionsOfAVerb) {
  const Outcome outcome =
      run({"bash", "-c",
           "source <(\"$1\" --completion bash); COMP_WORDS=(scalectl tick run --stra); "
           "COMP_CWORD=3; _scalectl; echo \"${COMPREPLY[@]}\"",
           "bash", binary()});
  EXPECT_EQ(outcome.out, "--strategy\n");
}

TEST(Completion, UnknownShell_IsRefused) {
  const Outcome outcome = scalectl({"--completion", "zsh"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("\"zsh\" is not one of bash"));
}

}  // namespace
}  // namespace scalectl::test
