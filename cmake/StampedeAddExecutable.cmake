# stampede_add_executable(<target> [<plug-in source>...])
#
# Makes <target>, a complete `stampede` that also knows what the given sources register. The program
# `stampede` itself is made by this function, and so is one in a repository that has found this
# package: write one policy in one .cpp, name it here, and use it in a scenario.
function(stampede_add_executable target)
  add_executable(${target} "${STAMPEDE_MAIN}" ${ARGN})
  target_link_libraries(${target} PRIVATE Stampede::cli Stampede::plugins)
endfunction()
