# C++ from FlatBuffers schemas, made by flatc at build time: nothing generated is checked in.

find_program(FLATC_PROGRAM flatc)
find_path(FLATBUFFERS_INCLUDE_DIR flatbuffers/flatbuffers.h)
if(NOT FLATC_PROGRAM OR NOT FLATBUFFERS_INCLUDE_DIR)
    message(FATAL_ERROR "flatc or its headers are missing: apt install flatbuffers-compiler libflatbuffers-dev")
endif()

# xorch_flatbuffers(NAME SCHEMAS a.fbs b.fbs ...)
#
# An interface library xorch::NAME whose users may include "a_generated.h". The schemas are in the folder of the caller
# and may include each other. The headers are SYSTEM ones: our warnings are not flatc's.
function(xorch_flatbuffers NAME)
    cmake_parse_arguments(ARG "" "" "SCHEMAS" ${ARGN})
    set(directory ${CMAKE_CURRENT_BINARY_DIR}/generated)
    list(TRANSFORM ARG_SCHEMAS PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ OUTPUT_VARIABLE sources)
    set(headers)
    foreach(schema IN LISTS ARG_SCHEMAS)
        get_filename_component(stem ${schema} NAME_WE)
        set(header ${directory}/${stem}_generated.h)
        add_custom_command(
            OUTPUT ${header}
            COMMAND ${FLATC_PROGRAM} --cpp --cpp-std c++17 --scoped-enums -o ${directory}
                    ${CMAKE_CURRENT_SOURCE_DIR}/${schema}
            DEPENDS ${sources}
            VERBATIM
        )
        list(APPEND headers ${header})
    endforeach()
    add_custom_target(xorch_${NAME}_generated DEPENDS ${headers})
    add_library(xorch_${NAME} INTERFACE)
    add_library(xorch::${NAME} ALIAS xorch_${NAME})
    add_dependencies(xorch_${NAME} xorch_${NAME}_generated)
    target_include_directories(xorch_${NAME} SYSTEM INTERFACE ${directory} ${FLATBUFFERS_INCLUDE_DIR})
endfunction()
