# How every folder declares its library and its tests, so that flags, header checks and the proof of
# its dependencies are the same everywhere.

option(XORCH_WARNINGS_AS_ERRORS "Warnings fail the build (on in presets, off for a user's own build)" OFF)
set(XORCH_SANITIZE "" CACHE STRING "Sanitizers to build with, for example address,undefined")
option(XORCH_PLANTED_BUGS "Builds the bugs of core/planted.h in, to show that the simulation finds them" OFF)

option(XORCH_PRECOMPILE "Parse the standard library's headers once for all files, not once for each" ON)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # Without these it keeps nothing that was compiled with precompiled headers.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM}
    )
endif()

add_library(xorch_flags INTERFACE)
target_compile_features(xorch_flags INTERFACE cxx_std_20)
target_compile_options(
    xorch_flags
    INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
              -Wnon-virtual-dtor -Wswitch-enum -Wextra-semi -Wno-missing-field-initializers
              $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op -Wsuggest-override>
              # GCC 12 cries wolf at every moved std::variant once it optimises.
              $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
              $<$<BOOL:${XORCH_WARNINGS_AS_ERRORS}>:-Werror>
)
target_compile_definitions(xorch_flags INTERFACE $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
if(XORCH_SANITIZE)
    target_compile_options(xorch_flags INTERFACE -fsanitize=${XORCH_SANITIZE} -fno-sanitize-recover=all)
    target_link_options(xorch_flags INTERFACE -fsanitize=${XORCH_SANITIZE})
endif()
if(XORCH_PLANTED_BUGS)
    target_compile_definitions(xorch_flags INTERFACE XORCH_PLANTED_BUGS)
endif()

# Half of the time that a small file took to compile went into these headers. One set for libraries and one for tests,
# because a precompiled header wants the very same options.
set(precompiled_source ${PROJECT_BINARY_DIR}/precompiled.cpp)
if(NOT EXISTS ${precompiled_source})
    file(WRITE ${precompiled_source} "")
endif()
set(standard_headers
    <algorithm> <array> <chrono> <cstdint> <functional> <map> <memory> <optional> <set> <span> <string>
    <string_view> <unordered_map> <utility> <variant> <vector>
)
# Tests run once and are compiled often: a third of their compile time went into optimising and describing them. The
# builds for debugging keep what they ask for.
set(test_options $<$<CONFIG:RelWithDebInfo>:-O0> $<$<CONFIG:RelWithDebInfo>:-g0>)
if(XORCH_PRECOMPILE)
    add_library(xorch_precompiled OBJECT ${precompiled_source})
    target_link_libraries(xorch_precompiled PRIVATE xorch_flags)
    target_precompile_headers(xorch_precompiled PRIVATE ${standard_headers})
    if(BUILD_TESTING)
        add_library(xorch_test_precompiled OBJECT ${precompiled_source})
        target_link_libraries(xorch_test_precompiled PRIVATE xorch_flags GTest::gtest GTest::gmock)
        target_compile_options(xorch_test_precompiled PRIVATE ${test_options})
        target_precompile_headers(xorch_test_precompiled PRIVATE ${standard_headers} <gmock/gmock.h> <gtest/gtest.h>)
    endif()
endif()

# What tools/test builds: the tests of one label, and the programs that prove declared dependencies.
foreach(label unit native gpu simulation integration cluster long)
    add_custom_target(tests_${label})
endforeach()
add_custom_target(link_probes)

# xorch_library(NAME HEADERS ... SOURCES ... DEPS ... PRIVATE_DEPS ...)
#
# A static library xorch::NAME with explicit files. DEPS appear in its headers, PRIVATE_DEPS only in its sources. A
# program that is nothing but the whole library proves that the declared dependencies suffice. PRECOMPILED: headers that
# are parsed once for all of its sources, instead of the standard library's.
function(xorch_library NAME)
    cmake_parse_arguments(ARG "" "" "HEADERS;SOURCES;DEPS;PRIVATE_DEPS;PRECOMPILED" ${ARGN})
    set(target xorch_${NAME})
    add_library(${target} STATIC ${ARG_SOURCES})
    add_library(xorch::${NAME} ALIAS ${target})
    target_sources(
        ${target} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${ARG_HEADERS}
    )
    set_target_properties(${target} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
    target_link_libraries(${target} PUBLIC ${ARG_DEPS} PRIVATE xorch_flags ${ARG_PRIVATE_DEPS})
    if(ARG_PRECOMPILED)
        target_precompile_headers(${target} PRIVATE ${ARG_PRECOMPILED})
    elseif(XORCH_PRECOMPILE)
        target_precompile_headers(${target} REUSE_FROM xorch_precompiled)
    endif()
    if(BUILD_TESTING)
        set(probe ${PROJECT_BINARY_DIR}/link_probe.cpp)
        if(NOT EXISTS ${probe})
            file(WRITE ${probe} "int main() { return 0; }\n")
        endif()
        add_executable(${target}_links_alone ${probe})
        target_link_libraries(
            ${target}_links_alone PRIVATE xorch_flags "$<LINK_LIBRARY:WHOLE_ARCHIVE,${target}>"
        )
        add_dependencies(link_probes ${target}_links_alone)
    endif()
endfunction()

# xorch_test(NAME LABEL unit SOURCES ... DEPS ...)
#
# One GoogleTest program that ctest runs as one test per case, with a label that the presets and tools/test choose by.
function(xorch_test NAME)
    cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "SOURCES;DEPS" ${ARGN})
    if(NOT ARG_LABEL)
        set(ARG_LABEL unit)
    endif()
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 60)
    endif()
    add_executable(${NAME} ${ARG_SOURCES})
    target_link_libraries(${NAME} PRIVATE xorch_flags ${ARG_DEPS} GTest::gtest GTest::gmock GTest::gtest_main)
    target_include_directories(${NAME} PRIVATE ${PROJECT_SOURCE_DIR})
    target_compile_options(${NAME} PRIVATE ${test_options})
    if(XORCH_PRECOMPILE)
        target_precompile_headers(${NAME} REUSE_FROM xorch_test_precompiled)
    endif()
    add_dependencies(tests_${ARG_LABEL} ${NAME})
    gtest_discover_tests(
        ${NAME} DISCOVERY_TIMEOUT 60 DISCOVERY_MODE PRE_TEST PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT}
    )
endfunction()
