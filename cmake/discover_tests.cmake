# Writes the ctest file of one Catch2 executable: EXECUTABLE, LAYER, LIST (the file to write) and
# WORKING_DIRECTORY are given. Run by the build after linking.

cmake_minimum_required(VERSION 3.25)

# The names of the test cases that match a Catch2 specification; empty names none.
function(names_of specification result)
  execute_process(
    COMMAND "${EXECUTABLE}" --list-test-names-only "${specification}"
    OUTPUT_VARIABLE output ERROR_VARIABLE errors RESULT_VARIABLE status)
  # Catch2 answers with the number of matching tests; only a crash or a message is a failure.
  if(NOT status MATCHES "^[0-9]+$" OR NOT errors STREQUAL "")
    message(FATAL_ERROR "cannot list the tests of ${EXECUTABLE}: ${status} ${errors}")
  endif()
  # CMake's lists give brackets and semicolons a meaning of their own.
  string(REPLACE "[" "<open>" output "${output}")
  string(REPLACE "]" "<close>" output "${output}")
  string(REPLACE ";" "<semicolon>" output "${output}")
  string(REPLACE "\n" ";" output "${output}")
  list(FILTER output EXCLUDE REGEX "^$")
  set(${result} "${output}" PARENT_SCOPE)
endfunction()

names_of("*" all)
names_of("[long]" long)
names_of("[once]" once)

set(script "")
list(APPEND all ${long} ${once})  # a test that is hidden ([.]) is not in "*"
list(REMOVE_DUPLICATES all)
foreach(name IN LISTS all)
  set(labels "${LAYER}")
  foreach(label long once)
    if(name IN_LIST ${label})
      string(APPEND labels ";${label}")
    endif()
  endforeach()
  string(REPLACE "<open>" "[" name "${name}")
  string(REPLACE "<close>" "]" name "${name}")
  string(REPLACE "<semicolon>" ";" name "${name}")
  # Catch2's own specification language gives these a meaning.
  string(REGEX REPLACE "([\\,[])" "\\\\\\1" specification "${name}")
  string(APPEND script
    "add_test([==[${LAYER}: ${name}]==] [==[${EXECUTABLE}]==] [==[${specification}]==] --warn NoTests)\n"
    "set_tests_properties([==[${LAYER}: ${name}]==] PROPERTIES"
    " LABELS [==[${labels}]==] WORKING_DIRECTORY [==[${WORKING_DIRECTORY}]==])\n")
endforeach()
file(WRITE "${LIST}" "${script}")
