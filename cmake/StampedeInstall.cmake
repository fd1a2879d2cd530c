# cmake --install: the program, the libraries and headers for programs that add plug-ins of their
# own, the schema for editors, the scenarios, and the package config.

include(CMakePackageConfigHelpers)
set(STAMPEDE_DATA_DIR "${CMAKE_INSTALL_DATADIR}/stampede")
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/Stampede")

if(TARGET stampede)
  install(TARGETS stampede RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  install(FILES "${STAMPEDE_MAIN}" DESTINATION "${STAMPEDE_DATA_DIR}")
endif()

get_property(libraries GLOBAL PROPERTY STAMPEDE_LIBRARIES)
install(TARGETS ${libraries} stampede_plugins EXPORT StampedeTargets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT StampedeTargets NAMESPACE Stampede:: DESTINATION "${package_dir}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/stampede"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.hpp")

# The schema lies beside the scenarios as it does in the repository: their first lines point to it.
install(DIRECTORY "${PROJECT_SOURCE_DIR}/scenarios" DESTINATION "${STAMPEDE_DATA_DIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/docs/schema" DESTINATION "${STAMPEDE_DATA_DIR}/docs"
  OPTIONAL)

configure_package_config_file(
  "${CMAKE_CURRENT_LIST_DIR}/StampedeConfig.cmake.in" "${PROJECT_BINARY_DIR}/StampedeConfig.cmake"
  INSTALL_DESTINATION "${package_dir}" PATH_VARS STAMPEDE_DATA_DIR)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/StampedeConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/StampedeConfig.cmake"
  "${PROJECT_BINARY_DIR}/StampedeConfigVersion.cmake"
  "${CMAKE_CURRENT_LIST_DIR}/StampedeAddExecutable.cmake"
  DESTINATION "${package_dir}")
