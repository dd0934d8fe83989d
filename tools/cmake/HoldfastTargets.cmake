# What every target of this project has in common: language level, warnings, sanitizers.

# Language level, visibility and warnings of one of our own targets. Compile options are PRIVATE: a project
# that uses the installed package sees none of them.
function(holdfast_configure_target target)
    target_compile_features(${target} PUBLIC cxx_std_20)
    set_target_properties(
        ${target}
        PROPERTIES CXX_EXTENSIONS OFF
                   CXX_VISIBILITY_PRESET hidden
                   VISIBILITY_INLINES_HIDDEN ON)
    # Clang counts sign conversion under -Wconversion and GCC does not; both are held to GCC's set.
    target_compile_options(
        ${target}
        PRIVATE -Wall
                -Wextra
                -Wpedantic
                -Wshadow
                -Wconversion
                -Wno-sign-conversion
                -Wnon-virtual-dtor
                -Woverloaded-virtual
                -Wextra-semi)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
        # GCC 12 sees overlapping copies in std::string's operator+ where there are none (GCC bug 105651).
        target_compile_options(${target} PRIVATE -Wno-restrict)
    endif()
    if(HOLDFAST_WERROR)
        target_compile_options(${target} PRIVATE -Werror)
        if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND HOLDFAST_SANITIZE STREQUAL "thread")
            # GCC points out every fence that ThreadSanitizer cannot model. That is worth reading, not failing.
            target_compile_options(${target} PRIVATE -Wno-error=tsan)
        endif()
    endif()
endfunction()

# Turns sanitizers on for everything below the calling folder, fetched dependencies included: a library that
# is not instrumented hides races and gives false reports.
macro(holdfast_enable_sanitizers sanitizers)
    if(NOT "${sanitizers}" STREQUAL "")
        if(NOT "${sanitizers}" MATCHES "^(address,undefined|address|undefined|thread)$")
            message(FATAL_ERROR "HOLDFAST_SANITIZE is '${sanitizers}'; it must be address,undefined or thread")
        endif()
        add_compile_options(-fsanitize=${sanitizers} -fno-omit-frame-pointer -fno-sanitize-recover=all)
        add_link_options(-fsanitize=${sanitizers})
        # Sanitizers keep shadow memory for what is mapped, so the reserved capacity has to be modest.
        add_compile_definitions(HOLDFAST_DEFAULT_CAPACITY_BYTES=1073741824)
        if("${sanitizers}" STREQUAL "thread")
            add_compile_definitions(HOLDFAST_TSAN=1)
        endif()
    endif()
endmacro()
