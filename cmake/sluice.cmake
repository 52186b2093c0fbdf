# How every library, program and test of Sluice is declared. Warnings and includes travel with the
# target `sluice_options`; there are no global flags.
include_guard(GLOBAL)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
  message(FATAL_ERROR "g++ before 14 miscompiles co_await expressions; use clang++-19 (cmake --preset dev)")
endif()

option(BUILD_TESTING "build the tests" ON)
option(SLUICE_FUZZ "build the libFuzzer targets" OFF)
set(SLUICE_SANITIZE "" CACHE STRING "value of -fsanitize=, e.g. address,undefined")

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(SLUICE_CCACHE ccache)
if(SLUICE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${SLUICE_CCACHE})
  set(pch_default OFF)  # ccache is quicker still, and a precompiled header names its folder: no two clones would share an object
else()
  set(pch_default ON)
endif()
option(SLUICE_PCH "parse the common headers once (cmake/pch.cmake)" ${pch_default})

add_library(sluice_options INTERFACE)
target_include_directories(sluice_options INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
target_compile_options(sluice_options INTERFACE
  -Wall -Wextra -Wno-missing-designated-field-initializers -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wunused-result -Wimplicit-fallthrough
  -Werror -fstack-protector-strong)
target_compile_definitions(sluice_options INTERFACE SLUICE_VERSION="${PROJECT_VERSION}"
  $<$<CONFIG:Release,RelWithDebInfo>:_FORTIFY_SOURCE=2>)
if(SLUICE_SANITIZE)
  target_compile_options(sluice_options INTERFACE -fsanitize=${SLUICE_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(sluice_options INTERFACE -fsanitize=${SLUICE_SANITIZE})
endif()
if(SLUICE_FUZZ)
  target_compile_options(sluice_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
find_program(SLUICE_LLD NAMES ld.lld-19 ld.lld)
if(SLUICE_LLD)
  target_link_options(sluice_options INTERFACE --ld-path=${SLUICE_LLD})
endif()
target_link_options(sluice_options INTERFACE -Wl,-z,relro,-z,now)

include(profile)
include(pch)

# sluice_library(name SOURCES … DEPS …): one per folder, so that an arrow that is not declared does not link.
function(sluice_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC sluice_options ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
  sluice_use_pch(${name} library)
endfunction()

# sluice_program(name SOURCES … DEPS …): an executable in the root of the build folder.
function(sluice_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE sluice_options ${ARG_DEPS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
endfunction()

# sluice_test(name SOURCES … DEPS …): a GoogleTest program, one ctest entry per program.
function(sluice_test name)
  if(NOT BUILD_TESTING)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE sluice_options ${ARG_DEPS} GTest::gtest GTest::gtest_main)
  sluice_use_pch(${name} test)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300)
endfunction()
