# Headers that nearly every file includes, parsed once for the libraries and once, with GoogleTest, for the tests (which are
# compiled as -fPIE); and both again with Asio, which wants to be linked where it is included. Every file still includes what
# it uses: builds with ccache and the sanitizers' go without.
include_guard(GLOBAL)

set(common_headers
  <algorithm> <array> <atomic> <chrono> <condition_variable> <cstdint> <deque> <expected> <filesystem> <fstream> <functional>
  <map> <memory> <mutex> <optional> <random> <set> <span> <sstream> <string> <string_view> <thread> <unordered_map> <utility>
  <variant> <vector> <fmt/format.h> <boost/json.hpp>)
set(asio_headers <boost/asio/awaitable.hpp> <boost/asio/steady_timer.hpp> <boost/asio/use_awaitable.hpp>)

file(WRITE ${CMAKE_BINARY_DIR}/pch.cpp "")

function(sluice_define_pch name headers)
  add_library(${name}_library OBJECT ${CMAKE_BINARY_DIR}/pch.cpp)
  target_link_libraries(${name}_library PRIVATE sluice_options sluice_asio fmt::fmt Boost::json)
  target_precompile_headers(${name}_library PRIVATE ${headers})
  if(BUILD_TESTING)
    add_library(${name}_test OBJECT ${CMAKE_BINARY_DIR}/pch.cpp)
    set_target_properties(${name}_test PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${name}_test PRIVATE -fPIE)
    target_link_libraries(${name}_test PRIVATE sluice_options sluice_asio fmt::fmt Boost::json GTest::gtest)
    target_precompile_headers(${name}_test PRIVATE ${headers} <gtest/gtest.h>)
  endif()
endfunction()

# sluice_links_asio(target result): by itself or by what it links.
function(sluice_links_asio name result)
  set(${result} FALSE PARENT_SCOPE)
  get_target_property(libraries ${name} LINK_LIBRARIES)
  foreach(library IN LISTS libraries)
    if(library STREQUAL sluice_asio)
      set(${result} TRUE PARENT_SCOPE)
    elseif(library MATCHES "^sluice_" AND TARGET ${library})
      sluice_links_asio(${library} found)
      if(found)
        set(${result} TRUE PARENT_SCOPE)
      endif()
    endif()
  endforeach()
endfunction()

# sluice_use_pch(target library|test)
function(sluice_use_pch name kind)
  if(NOT SLUICE_PCH)
    return()
  endif()
  if(NOT TARGET sluice_pch_library)
    sluice_define_pch(sluice_pch "${common_headers}")
    sluice_define_pch(sluice_asio_pch "${common_headers};${asio_headers}")
  endif()
  sluice_links_asio(${name} has_asio)
  if(has_asio)
    target_precompile_headers(${name} REUSE_FROM sluice_asio_pch_${kind})
  else()
    target_precompile_headers(${name} REUSE_FROM sluice_pch_${kind})
  endif()
endfunction()
