# Finds what Holdfast builds on. An installed package is always preferred; what is missing is fetched from
# its own repository at a pinned commit. Each function may be called more than once.

include(FetchContent)

# Declares and adds a dependency at a pinned commit.
macro(holdfast_fetch name repository commit)
    message(STATUS "holdfast: ${name} is not installed; fetching ${repository} at ${commit}")
    FetchContent_Declare(
        ${name}
        GIT_REPOSITORY ${repository}
        GIT_TAG ${commit}
        ${ARGN})
    FetchContent_MakeAvailable(${name})
endmacro()

# Includes a fetched library's headers as system headers, as an installed one's are: no warnings from them.
function(holdfast_mark_system target)
    get_target_property(aliased ${target} ALIASED_TARGET)
    if(aliased)
        set(target ${aliased})
    endif()
    get_target_property(directories ${target} INTERFACE_INCLUDE_DIRECTORIES)
    set_target_properties(${target} PROPERTIES INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${directories}")
endfunction()

# holdfast_boost: the Boost headers (Interprocess), 1.74 or newer. Boost is not fetched: its release is made
# of more than a hundred repositories, and every distribution has the headers.
function(holdfast_require_boost)
    if(TARGET holdfast_boost)
        return()
    endif()
    set(advice "Install them (Debian: apt-get install libboost-dev) or set HOLDFAST_BOOST_ROOT")
    set(search HINTS "${Boost_ROOT}" "$ENV{BOOST_ROOT}")
    if(HOLDFAST_BOOST_ROOT)
        set(search HINTS "${HOLDFAST_BOOST_ROOT}" NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH)
    endif()
    find_path(HOLDFAST_BOOST_INCLUDE_DIR boost/interprocess/managed_external_buffer.hpp ${search} PATH_SUFFIXES include)
    mark_as_advanced(HOLDFAST_BOOST_INCLUDE_DIR)
    if(NOT HOLDFAST_BOOST_INCLUDE_DIR)
        message(FATAL_ERROR "holdfast: the Boost headers were not found. ${advice}.")
    endif()
    file(STRINGS "${HOLDFAST_BOOST_INCLUDE_DIR}/boost/version.hpp" version_line REGEX "define BOOST_VERSION ")
    string(REGEX REPLACE "[^0-9]" "" version_number "${version_line}")
    math(EXPR version_major "${version_number} / 100000")
    math(EXPR version_minor "${version_number} / 100 % 1000")
    if(version_number LESS 107400)
        message(FATAL_ERROR "holdfast: Boost ${version_major}.${version_minor} in ${HOLDFAST_BOOST_INCLUDE_DIR} "
                            "is older than 1.74. ${advice}.")
    endif()
    message(STATUS "holdfast: Boost ${version_major}.${version_minor} in ${HOLDFAST_BOOST_INCLUDE_DIR}")
    add_library(holdfast_boost INTERFACE IMPORTED GLOBAL)
    target_include_directories(holdfast_boost SYSTEM INTERFACE "${HOLDFAST_BOOST_INCLUDE_DIR}")
endfunction()

# holdfast_xxhash: the header xxhash.h, used inline.
function(holdfast_require_xxhash)
    if(TARGET holdfast_xxhash)
        return()
    endif()
    find_path(HOLDFAST_XXHASH_INCLUDE_DIR xxhash.h)
    mark_as_advanced(HOLDFAST_XXHASH_INCLUDE_DIR)
    set(include_dir "${HOLDFAST_XXHASH_INCLUDE_DIR}")
    if(NOT include_dir)
        # A subfolder without a CMakeLists.txt: the header is all we want of it. (xxHash v0.8.2)
        holdfast_fetch(xxhash https://github.com/Cyan4973/xxHash.git bbb27a5efb85b92a0486cf361a8635715a53f6ba
                       SOURCE_SUBDIR doc)
        set(include_dir "${xxhash_SOURCE_DIR}")
    endif()
    add_library(holdfast_xxhash INTERFACE IMPORTED GLOBAL)
    target_include_directories(holdfast_xxhash SYSTEM INTERFACE "${include_dir}")
endfunction()

# nlohmann_json::nlohmann_json, where it is called.
function(holdfast_find_json)
    find_package(nlohmann_json 3.9 CONFIG QUIET)
    if(NOT TARGET nlohmann_json::nlohmann_json)
        set(JSON_BuildTests OFF CACHE INTERNAL "")
        set(JSON_Install OFF CACHE INTERNAL "")
        # JSON for Modern C++ v3.11.3
        holdfast_fetch(nlohmann_json https://github.com/nlohmann/json.git 9cca280a4d0ccf0c08f47a99aa71d1b0e52f8d03)
        holdfast_mark_system(nlohmann_json::nlohmann_json)
    endif()
endfunction()

# holdfast_json: the headers of nlohmann-json, whose parser the library uses within.
function(holdfast_require_json)
    if(TARGET holdfast_json)
        return()
    endif()
    # A cross build names the folder; to search would find the headers of the machine that it runs on.
    set(include_dir "${HOLDFAST_JSON_INCLUDE_DIR}")
    if(NOT include_dir)
        holdfast_find_json()
        get_target_property(include_dir nlohmann_json::nlohmann_json INTERFACE_INCLUDE_DIRECTORIES)
    endif()
    add_library(holdfast_json INTERFACE IMPORTED GLOBAL)
    target_include_directories(holdfast_json SYSTEM INTERFACE "${include_dir}")
endfunction()

# holdfast_cereal: the headers of cereal 1.3, for <holdfast/document.hpp>. The library is built without them.
function(holdfast_require_cereal)
    if(TARGET holdfast_cereal)
        return()
    endif()
    find_path(HOLDFAST_CEREAL_INCLUDE_DIR cereal/cereal.hpp)
    mark_as_advanced(HOLDFAST_CEREAL_INCLUDE_DIR)
    set(include_dir "${HOLDFAST_CEREAL_INCLUDE_DIR}")
    if(NOT include_dir)
        # A subfolder without a CMakeLists.txt: the headers are all we want of it. (cereal v1.3.2)
        holdfast_fetch(cereal https://github.com/USCiLab/cereal.git ebef1e929807629befafbb2918ea1a08c7194554
                       SOURCE_SUBDIR include)
        set(include_dir "${cereal_SOURCE_DIR}/include")
    endif()
    add_library(holdfast_cereal INTERFACE IMPORTED GLOBAL)
    target_include_directories(holdfast_cereal SYSTEM INTERFACE "${include_dir}")
endfunction()

# CLI11::CLI11, for the command line.
function(holdfast_require_cli_libraries)
    find_package(CLI11 2.1 CONFIG QUIET)
    if(NOT TARGET CLI11::CLI11)
        set(CLI11_BUILD_TESTS OFF CACHE INTERNAL "")
        set(CLI11_BUILD_EXAMPLES OFF CACHE INTERNAL "")
        set(CLI11_BUILD_DOCS OFF CACHE INTERNAL "")
        set(CLI11_INSTALL OFF CACHE INTERNAL "")
        # CLI11 v2.3.2
        holdfast_fetch(cli11 https://github.com/CLIUtils/CLI11.git 291c58789c031208f08f4f261a858b5b7083e8e2)
        holdfast_mark_system(CLI11::CLI11)
    endif()
endfunction()

# GTest::gtest_main and GTest::gmock.
function(holdfast_require_googletest)
    find_package(GTest 1.11 CONFIG QUIET)
    if(TARGET GTest::gtest_main AND NOT TARGET GTest::gmock)
        message(FATAL_ERROR "holdfast: GoogleTest is installed without GoogleMock (Debian: libgmock-dev)")
    endif()
    if(NOT TARGET GTest::gtest_main)
        set(INSTALL_GTEST OFF CACHE INTERNAL "")
        # GoogleTest release-1.12.1
        holdfast_fetch(googletest https://github.com/google/googletest.git 58d77fa8070e8cec2dc1ed015d66b454c8d78850)
        holdfast_mark_system(GTest::gtest)
        holdfast_mark_system(GTest::gmock)
    endif()
endfunction()

# benchmark::benchmark, and holdfast_lmdb where LMDB is installed: it is only a rival to measure against.
function(holdfast_require_benchmark_libraries)
    find_package(benchmark 1.5 CONFIG QUIET)
    if(NOT TARGET benchmark::benchmark)
        set(BENCHMARK_ENABLE_TESTING OFF CACHE INTERNAL "")
        set(BENCHMARK_ENABLE_GTEST_TESTS OFF CACHE INTERNAL "")
        set(BENCHMARK_ENABLE_INSTALL OFF CACHE INTERNAL "")
        # Google Benchmark v1.7.1
        holdfast_fetch(benchmark https://github.com/google/benchmark.git d572f4777349d43653b21d6c2fc63020ab326db2)
        holdfast_mark_system(benchmark::benchmark)
    endif()
    if(TARGET holdfast_lmdb)
        return()
    endif()
    find_path(HOLDFAST_LMDB_INCLUDE_DIR lmdb.h)
    find_library(HOLDFAST_LMDB_LIBRARY lmdb)
    mark_as_advanced(HOLDFAST_LMDB_INCLUDE_DIR HOLDFAST_LMDB_LIBRARY)
    if(HOLDFAST_LMDB_INCLUDE_DIR AND HOLDFAST_LMDB_LIBRARY)
        add_library(holdfast_lmdb INTERFACE IMPORTED GLOBAL)
        target_include_directories(holdfast_lmdb SYSTEM INTERFACE "${HOLDFAST_LMDB_INCLUDE_DIR}")
        target_link_libraries(holdfast_lmdb INTERFACE "${HOLDFAST_LMDB_LIBRARY}")
        target_compile_definitions(holdfast_lmdb INTERFACE HOLDFAST_HAVE_LMDB=1)
    else()
        message(STATUS "holdfast: LMDB is not installed (Debian: liblmdb-dev); benchmarks against it are skipped")
    endif()
endfunction()
