# stampede_embed_known_answers(<target>)
#
# The texts of scenarios/validation become part of <target>, so that `stampede selftest` works
# wherever the program is. They are read anew when one of them changes, comes or goes.
function(stampede_embed_known_answers target)
  file(GLOB texts CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/scenarios/validation/*.yaml")
  set(script "${PROJECT_SOURCE_DIR}/cmake/embed_known_answers.cmake")
  set(output "${PROJECT_BINARY_DIR}/generated/known_answers.cpp")
  add_custom_command(OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" "-DOUTPUT=${output}" "-DTEXTS=${texts}" -P "${script}"
    DEPENDS ${texts} "${script}" VERBATIM)
  target_sources(${target} PRIVATE "${output}")
endfunction()
