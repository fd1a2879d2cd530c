# stampede_layer(<name> [REGISTERS] [COLD] [DEPENDS <layer>...] [PUBLIC <library>...]
#                [PRIVATE <library>...] [PRECOMPILE <header>...])
#
# Makes Stampede::<name> of all src/<name>/**/*.cpp. A layer without .cpp files has headers only.
#
# The linker takes from a static library only the objects that somebody refers to, and nobody refers
# to a file that merely registers itself. So a layer that REGISTERS is an archive that is always
# linked whole, behind an interface library; nobody names the archive itself, because CMake rejects
# a library that is linked both whole and plainly.
function(stampede_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 layer "REGISTERS;COLD" ""
    "DEPENDS;PUBLIC;PRIVATE;PRECOMPILE")
  list(TRANSFORM layer_DEPENDS PREPEND Stampede::)

  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${name}/*.cpp")
  list(REMOVE_ITEM sources "${PROJECT_SOURCE_DIR}/src/cli/main.cpp")

  set(interface stampede_${name})
  set(archive stampede_${name})
  if(NOT sources)
    add_library(${interface} INTERFACE)
    stampede_layer_usage(${interface} INTERFACE)
  elseif(layer_REGISTERS)
    set(archive stampede_${name}_archive)
    stampede_layer_archive(${archive})
    add_library(Stampede::${name}_archive ALIAS ${archive})
    set_target_properties(${archive} PROPERTIES EXPORT_NAME ${name}_archive)
    add_library(${interface} INTERFACE)
    # The alias, not the plain name: inside the expression an exported package needs it.
    target_link_libraries(${interface} INTERFACE
      "$<LINK_LIBRARY:WHOLE_ARCHIVE,Stampede::${name}_archive>")
  else()
    stampede_layer_archive(${archive})
  endif()
  add_library(Stampede::${name} ALIAS ${interface})
  set_target_properties(${interface} PROPERTIES EXPORT_NAME ${name})

  set_property(GLOBAL APPEND PROPERTY STAMPEDE_LAYERS ${name})
  set_property(GLOBAL APPEND PROPERTY STAMPEDE_LIBRARIES ${interface})
  if(NOT archive STREQUAL interface AND TARGET ${archive})
    set_property(GLOBAL APPEND PROPERTY STAMPEDE_LIBRARIES ${archive})
  endif()
endfunction()

# The static library of a layer's sources; reads the variables of stampede_layer.
macro(stampede_layer_archive target)
  add_library(${target} STATIC ${sources})
  stampede_compile_options(${target})
  if(layer_COLD)
    # Half the time of compiling them for the sanitizers; nothing here is done for each request.
    target_compile_options(${target} PRIVATE $<$<CONFIG:Debug>:-O0>)
  endif()
  if(STAMPEDE_PRECOMPILE)
    # Half the time of compiling a policy was the reading of the same headers.
    list(TRANSFORM layer_PRECOMPILE REPLACE "(.+)" "<stampede/\\1>" OUTPUT_VARIABLE precompiled)
    target_precompile_headers(${target} PRIVATE ${precompiled})
  endif()
  stampede_layer_usage(${target} PUBLIC)
  # Only this layer's own .cpp files see what is behind src/<layer>/.
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(${target} PRIVATE ${layer_PRIVATE})
endmacro()

# What a user of the layer gets; reads the variables of stampede_layer.
macro(stampede_layer_usage target scope)
  target_include_directories(${target} ${scope}
    "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>"
    "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  target_compile_features(${target} ${scope} cxx_std_20)
  # Results must be the same bytes under every compiler: no fused multiply-add.
  target_compile_options(${target} ${scope} -ffp-contract=off)
  target_compile_definitions(${target} ${scope}
    STAMPEDE_VERSION="${PROJECT_VERSION}" $<$<BOOL:${STAMPEDE_SANITIZE}>:STAMPEDE_SANITIZED=1>)
  target_link_libraries(${target} ${scope} ${layer_DEPENDS} ${layer_PUBLIC})
endmacro()
