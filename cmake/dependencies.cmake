# Everything that comes from outside; the Debian package of each is named in scripts/install-deps.
include_guard(GLOBAL)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS context json)
find_package(fmt 9 REQUIRED)
find_path(TOMLPLUSPLUS_INCLUDE toml++/toml.h REQUIRED)  # used as headers
find_package(SQLite3 REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(CURL REQUIRED)
if(BUILD_TESTING)
  find_package(GTest REQUIRED)
endif()
pkg_check_modules(POSTGRES REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(URING REQUIRED IMPORTED_TARGET liburing)
if(NOT SLUICE_SANITIZE)  # which bring an allocator of their own
  pkg_check_modules(TCMALLOC REQUIRED IMPORTED_TARGET libtcmalloc_minimal)
endif()
pkg_check_modules(VIPS REQUIRED IMPORTED_TARGET vips)
pkg_check_modules(AVFORMAT REQUIRED IMPORTED_TARGET libavformat libavcodec libavutil)

# Asio, with the macros that everybody must see alike.
add_library(sluice_asio INTERFACE)
target_link_libraries(sluice_asio INTERFACE Boost::headers)
target_compile_definitions(sluice_asio INTERFACE BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
  # Operations that a thread keeps the memory of for the next ones. Not of frames of coroutines: whatever
  # waits for long, as an idle connection does, would sit in the largest block that was left over.
  BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=16 BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING
  # Every frame has room for the place in the source of each wait that may be cancelled, and nobody reads it.
  BOOST_ASIO_DISABLE_BOOST_SOURCE_LOCATION)
