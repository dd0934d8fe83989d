# The steps of the test install.package; see CMakeLists.txt beside this file for the variables.
function(run)
    execute_process(COMMAND ${ARGV} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(NOT status EQUAL 0)
        list(JOIN ARGV " " command)
        message(FATAL_ERROR "failed (${status}): ${command}\n${output}")
    endif()
    set(output "${output}" PARENT_SCOPE)
endfunction()

set(prefix "${WORK_DIR}/prefix")
set(toolchain -G "${GENERATOR}" "-DCMAKE_CXX_COMPILER=${CXX_COMPILER}" -DCMAKE_BUILD_TYPE=Release)
file(REMOVE_RECURSE "${WORK_DIR}")
run("${CMAKE_COMMAND}" --install "${HOLDFAST_BINARY_DIR}" --prefix "${prefix}")

foreach(shared OFF ON)
    set(build_dir "${WORK_DIR}/outside-shared-${shared}")
    run("${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}/outside" -B "${build_dir}" ${toolchain}
        "-DCMAKE_PREFIX_PATH=${prefix}" "-DBUILD_SHARED_LIBS=${shared}")
    run("${CMAKE_COMMAND}" --build "${build_dir}")
    run("${build_dir}/outside" "${build_dir}/outside.hold")
    run(ldd "${build_dir}/outside")
    string(FIND "${output}" "libholdfast.so" position)
    if(shared AND position EQUAL -1)
        message(FATAL_ERROR "BUILD_SHARED_LIBS is on, but the program does not use libholdfast.so")
    elseif(NOT shared AND NOT position EQUAL -1)
        message(FATAL_ERROR "BUILD_SHARED_LIBS is off, but the program uses libholdfast.so")
    endif()
endforeach()

run("${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}/parent" -B "${WORK_DIR}/parent" ${toolchain}
    "-DHOLDFAST_SOURCE_DIR=${HOLDFAST_SOURCE_DIR}" "-DHOLDFAST_BOOST_ROOT=${BOOST_ROOT}")
message(STATUS "installed, used as a static and a shared package, and configured as a subproject")
