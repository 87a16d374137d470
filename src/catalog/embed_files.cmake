# Embeds every file of sql/ and scenarios/ into the catalog library.
file(GLOB_RECURSE embedded CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
     ${PROJECT_SOURCE_DIR}/sql/*.sql ${PROJECT_SOURCE_DIR}/scenarios/*.json
     ${PROJECT_SOURCE_DIR}/scenarios/*.csv)
list(SORT embedded)
list(TRANSFORM embedded PREPEND ${PROJECT_SOURCE_DIR}/ OUTPUT_VARIABLE embedded_paths)
set(embedded_cpp ${CMAKE_CURRENT_BINARY_DIR}/embedded_files.cpp)
add_custom_command(
  OUTPUT ${embedded_cpp}
  COMMAND ${CMAKE_COMMAND} -DOUT=${embedded_cpp} -DROOT=${PROJECT_SOURCE_DIR} "-DFILES=${embedded}"
          -P ${CMAKE_CURRENT_LIST_DIR}/embed.cmake
  DEPENDS ${embedded_paths} ${CMAKE_CURRENT_LIST_DIR}/embed.cmake
  VERBATIM)
target_sources(catalog PRIVATE ${embedded_cpp})
