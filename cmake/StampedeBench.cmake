# One executable for each bench/*.cpp, named bench_<file>. Files with "_benchmark" in their name use
# Google Benchmark (parts); the others are whole programs, such as the yardstick.

find_package(benchmark REQUIRED)

file(GLOB benchmarks CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/bench/*.cpp")
add_custom_target(benchmarks)
foreach(source IN LISTS benchmarks)
  cmake_path(GET source STEM name)
  add_executable(bench_${name} ${source})
  stampede_compile_options(bench_${name})
  target_include_directories(bench_${name} PRIVATE "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(bench_${name} PRIVATE Stampede::world Stampede::plugins)
  if(name MATCHES "_benchmark$")
    target_link_libraries(bench_${name} PRIVATE benchmark::benchmark benchmark::benchmark_main)
  endif()
  add_dependencies(benchmarks bench_${name})
endforeach()
if(TARGET stampede)
  add_dependencies(benchmarks stampede)
endif()
