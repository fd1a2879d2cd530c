# How everything is compiled: the language, the flags of each build type, warnings, sanitizers.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release or Debug" FORCE)
endif()
# -O3 and -march=native buy less than 10 %, and results must not depend on the machine.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")

find_program(STAMPEDE_CCACHE ccache)
mark_as_advanced(STAMPEDE_CCACHE)
if(STAMPEDE_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${STAMPEDE_CCACHE}")
endif()

if(STAMPEDE_SANITIZE)
  # Without optimisation the tests take too long; with more of it, too long to compile.
  set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1 -fno-omit-frame-pointer")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()

if(STAMPEDE_FUZZ)
  # The fuzzer steers by the coverage of the code under test, so all layers are instrumented.
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "STAMPEDE_FUZZ needs clang (libFuzzer); use the preset 'fuzz'")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

set(STAMPEDE_WARNINGS
  -Wall -Wextra -Wpedantic -Wconversion -Wno-sign-conversion
  -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # `X(int size) : size(size)` is fine, and clang agrees: only locals must not hide each other.
  list(APPEND STAMPEDE_WARNINGS -Wshadow=local)
  # False alarms of g++ 12: -Wrestrict on string concatenation (GCC bug 105651), and
  # -Wmaybe-uninitialized when sanitizers have instrumented the code.
  list(APPEND STAMPEDE_WARNINGS -Wno-restrict)
  if(STAMPEDE_SANITIZE)
    list(APPEND STAMPEDE_WARNINGS -Wno-maybe-uninitialized)
  endif()
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  list(APPEND STAMPEDE_WARNINGS -Wshadow)
endif()
if(STAMPEDE_WERROR)
  list(APPEND STAMPEDE_WARNINGS -Werror)
endif()

# Our own code is compiled with all warnings; whoever uses our headers is not bothered with them.
function(stampede_compile_options target)
  target_compile_options(${target} PRIVATE ${STAMPEDE_WARNINGS})
endfunction()
