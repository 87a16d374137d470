// Connection strings may hold passwords; other users can read a process's arguments.
#pragma once

#include <string>
#include <vector>

namespace scalectl::tool {

/// The arguments (without the program's name), after the values of --dsn and --redis have been
/// blotted out in the memory that ps reads.
std::vector<std::string> take_arguments(int argc, char** argv);

}  // namespace scalectl::tool
