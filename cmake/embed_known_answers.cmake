# Writes a .cpp that defines stampede::known_answers() with the texts of the given files, by name:
#   cmake -DOUTPUT=<file.cpp> -DTEXTS=<file.yaml>... -P embed_known_answers.cmake

set(entries "")
foreach(path IN LISTS TEXTS)
  cmake_path(GET path STEM name)
  file(READ "${path}" text)
  string(APPEND entries "    {\"${name}\", R\"=====(${text})=====\"},\n")
endforeach()
file(WRITE "${OUTPUT}" "// Written by cmake/embed_known_answers.cmake.
#include \"stampede/study/known_answers.hpp\"

namespace stampede {

std::span<const KnownAnswers> known_answers() {
  static constexpr KnownAnswers all[] = {
${entries}  };
  return all;
}

}  // namespace stampede
")
