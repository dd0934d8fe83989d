# cmake -DPROGRAM=<file> -DFOLDER=<path> -P run_in_empty_folder.cmake
# Runs a program in a new, empty folder and fails if its status is not 0.
file(REMOVE_RECURSE "${FOLDER}")
file(MAKE_DIRECTORY "${FOLDER}")
execute_process(COMMAND "${PROGRAM}" WORKING_DIRECTORY "${FOLDER}" RESULT_VARIABLE status)
if(NOT status EQUAL 0)
    message(FATAL_ERROR "${PROGRAM} ended with status ${status}")
endif()
