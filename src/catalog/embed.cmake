# Writes OUT, a C++ file that holds the text of every file in FILES (paths relative to ROOT).
# Run as: cmake -DOUT=… -DROOT=… "-DFILES=a;b" -P embed.cmake
set(code "// Generated from sql/ and scenarios/ by embed.cmake.\n#include \"catalog/embedded.hpp\"\n\n")
string(APPEND code "namespace scalectl::catalog {\n\nconst std::vector<File>& embedded_files() {\n")
string(APPEND code "  static const std::vector<File> files{\n")
foreach(file IN LISTS FILES)
  file(READ "${ROOT}/${file}" text)
  string(APPEND code "      {\"${file}\", R\"embed(${text})embed\"},\n")
endforeach()
string(APPEND code "  };\n  return files;\n}\n\n}  // namespace scalectl::catalog\n")
file(WRITE "${OUT}" "${code}")
