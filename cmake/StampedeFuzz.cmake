# One libFuzzer executable for each tests/fuzz/*.cpp, named fuzz_<file>.

file(GLOB fuzzers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/fuzz/*.cpp")
add_custom_target(fuzzers)
foreach(source IN LISTS fuzzers)
  cmake_path(GET source STEM name)
  add_executable(fuzz_${name} ${source})
  stampede_compile_options(fuzz_${name})
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(fuzz_${name} PRIVATE Stampede::world Stampede::plugins)
  add_dependencies(fuzzers fuzz_${name})
endforeach()
