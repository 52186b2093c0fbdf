# The console (web/) and the documentation (docs/) as a table in the program. SLUICE_WEB says where the console comes from:
#   AUTO   built by npm if it is there and works, else the small page of web/fallback, and the build says so
#   BUILD  built by npm, or the build fails
#   OFF    the small page
include_guard(GLOBAL)
set(SLUICE_WEB AUTO CACHE STRING "AUTO, BUILD or OFF")
set_property(CACHE SLUICE_WEB PROPERTY STRINGS AUTO BUILD OFF)
find_program(SLUICE_NPM npm)

file(GLOB_RECURSE SLUICE_WEB_SOURCES CONFIGURE_DEPENDS
  ${CMAKE_SOURCE_DIR}/web/src/* ${CMAKE_SOURCE_DIR}/web/public/* ${CMAKE_SOURCE_DIR}/web/fallback/*)
file(GLOB SLUICE_WEB_ROOT CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/*.json ${CMAKE_SOURCE_DIR}/web/*.ts ${CMAKE_SOURCE_DIR}/web/*.html
  ${CMAKE_SOURCE_DIR}/web/*.css ${CMAKE_SOURCE_DIR}/web/.npmrc)
file(GLOB_RECURSE SLUICE_WEB_DOCS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/docs/guides/*.md ${CMAKE_SOURCE_DIR}/docs/operations/*.md
  ${CMAKE_SOURCE_DIR}/docs/protocols/*.md ${CMAKE_SOURCE_DIR}/docs/quickstart.md ${CMAKE_SOURCE_DIR}/docs/openapi.json)

set(SLUICE_WEB_TABLE ${CMAKE_BINARY_DIR}/web/web_table.cpp)
add_custom_command(
  OUTPUT ${SLUICE_WEB_TABLE}
  COMMAND ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR} -DOUT=${CMAKE_BINARY_DIR}/web -DMODE=${SLUICE_WEB} -DNPM=${SLUICE_NPM}
    -P ${CMAKE_SOURCE_DIR}/cmake/web_table.cmake
  DEPENDS ${CMAKE_SOURCE_DIR}/cmake/web_table.cmake ${SLUICE_WEB_SOURCES} ${SLUICE_WEB_ROOT} ${SLUICE_WEB_DOCS}
  COMMENT "Building the console"
  VERBATIM)
