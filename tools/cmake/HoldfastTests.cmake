# How tests are declared. A folder tests/<name> with *_test.cpp files becomes a suite by itself; one that
# needs more has a CMakeLists.txt of its own and calls these functions.
include(GoogleTest)

# Everything an executable under tests/ is built with: the instrumented library, lib/src as include folder,
# the support library if there is one.
function(holdfast_configure_test_target target)
    holdfast_configure_target(${target})
    target_link_libraries(${target} PRIVATE holdfast_instrumented)
    if(TARGET holdfast_test_support)
        target_link_libraries(${target} PRIVATE holdfast_test_support)
    endif()
    target_compile_definitions(${target} PRIVATE HOLDFAST_TESTS_SOURCE_DIR="${PROJECT_SOURCE_DIR}/tests")
    if(TARGET holdfast_cli)
        target_compile_definitions(${target} PRIVATE HOLDFAST_CLI_PATH="$<TARGET_FILE:holdfast_cli>")
        add_dependencies(${target} holdfast_cli)
    endif()
endfunction()

# holdfast_add_test_suite(<name> SOURCES <file>... [LABEL <label>] [TIMEOUT <seconds>])
#
# Builds the GoogleTest executable holdfast_<name>_test and registers each of its tests as <name>.<test>.
# Labels choose what tests/run does with a suite:
#   tsan      runs under ThreadSanitizer, too (and is all that is built for it)
#   campaign  is long, runs in the Release build only
#   unit      the default: the Release and the AddressSanitizer builds
function(holdfast_add_test_suite name)
    cmake_parse_arguments(PARSE_ARGV 1 suite "" "LABEL;TIMEOUT" "SOURCES")
    if(NOT suite_LABEL)
        set(suite_LABEL unit)
    endif()
    if(NOT suite_TIMEOUT)
        set(suite_TIMEOUT 300)
    endif()
    set(target holdfast_${name}_test)
    add_executable(${target} ${suite_SOURCES})
    holdfast_configure_test_target(${target})
    # The support library comes first, so that it may bring a main() of its own.
    target_link_libraries(${target} PRIVATE GTest::gmock GTest::gtest GTest::gtest_main)
    gtest_discover_tests(
        ${target}
        TEST_PREFIX "${name}."
        PROPERTIES LABELS ${suite_LABEL} TIMEOUT ${suite_TIMEOUT}
        DISCOVERY_MODE PRE_TEST
        DISCOVERY_TIMEOUT 60)
    if(suite_LABEL STREQUAL "tsan")
        add_dependencies(holdfast_tsan_suites ${target})
    endif()
endfunction()
