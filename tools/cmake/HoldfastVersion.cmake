# Programs read the version in version.hpp, packages that of project(): they have to be the same.

# Fails unless the header has the version "MAJOR.MINOR.PATCH", in its macros and as text.
function(holdfast_require_same_version header version)
    file(READ "${header}" text)
    set(found "")
    foreach(part MAJOR MINOR PATCH)
        string(REGEX MATCH "#define HOLDFAST_VERSION_${part} ([0-9]+)\n" line "${text}")
        list(APPEND found "${CMAKE_MATCH_1}")
    endforeach()
    list(JOIN found "." found)
    string(FIND "${text}" "version_text = \"${version}\";" position)
    if(NOT found STREQUAL version OR position EQUAL -1)
        message(FATAL_ERROR "the project's version is ${version}, but ${header} says ${found}, or another as text")
    endif()
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${header}")
endfunction()
