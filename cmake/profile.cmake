# The release is laid out by what ran often: functions that run together lie together, branches that hardly ever run lie apart, calls that
# count are inlined. What ran often stands in cmake/release.profdata, which scripts/profile counts anew (make profile). Code that has changed
# since is compiled as if it had never been counted, so an old profile costs speed and nothing else. So are the functions of one file alone if
# the build folder is not two below the root: their names in it begin with the way from there to the file.
include_guard(GLOBAL)
include(CheckCXXCompilerFlag)

set(SLUICE_PROFILE "off" CACHE STRING "use: lay out by cmake/release.profdata; count: build what counts; off")
set_property(CACHE SLUICE_PROFILE PROPERTY STRINGS use count off)

if(SLUICE_PROFILE STREQUAL "count")
  target_compile_options(sluice_options INTERFACE -fprofile-generate)
  target_link_options(sluice_options INTERFACE -fprofile-generate)
elseif(SLUICE_PROFILE STREQUAL "use" AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 19)
  # Under a name of its content, beside the build: another profile is another command, so that everything is built anew.
  file(SHA256 ${CMAKE_SOURCE_DIR}/cmake/release.profdata profile_sum)
  string(SUBSTRING ${profile_sum} 0 12 profile_sum)
  configure_file(${CMAKE_SOURCE_DIR}/cmake/release.profdata ${CMAKE_BINARY_DIR}/${profile_sum}.profdata COPYONLY)
  target_compile_options(sluice_options INTERFACE -fprofile-use=${CMAKE_BINARY_DIR}/${profile_sum}.profdata
    -Wno-profile-instr-unprofiled -Wno-profile-instr-out-of-date -Wno-backend-plugin -ffunction-sections -fdata-sections)
  target_link_options(sluice_options INTERFACE -Wl,--gc-sections)
  check_cxx_compiler_flag("-Werror -fsplit-machine-functions" SLUICE_SPLITS_FUNCTIONS)
  if(SLUICE_SPLITS_FUNCTIONS)
    target_compile_options(sluice_options INTERFACE -fsplit-machine-functions)
  endif()
endif()
