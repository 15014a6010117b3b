# LibTorch and the libraries that native jobs need: XORCH_WITH_TORCH is on where they are found. Without them `xorch`
# builds alone and says what it then cannot do.

find_path(
    TORCH_API_INCLUDE_DIR torch/torch.h PATH_SUFFIXES torch/csrc/api/include include/torch/csrc/api/include
    HINTS ENV TORCH_HOME
)
find_path(TORCH_INCLUDE_DIR torch/script.h PATH_SUFFIXES include HINTS ENV TORCH_HOME)
find_library(TORCH_CPU_LIBRARY torch_cpu PATH_SUFFIXES lib HINTS ENV TORCH_HOME)
find_library(TORCH_C10_LIBRARY c10 PATH_SUFFIXES lib HINTS ENV TORCH_HOME)
# By file: Debian's OpenCVConfig.cmake is in a package that wants all of OpenCV.
find_path(OPENCV_INCLUDE_DIR opencv2/core.hpp PATH_SUFFIXES opencv4)
find_library(OPENCV_CORE_LIBRARY opencv_core)
find_library(OPENCV_IMGPROC_LIBRARY opencv_imgproc)
find_library(OPENCV_IMGCODECS_LIBRARY opencv_imgcodecs)
pkg_check_modules(tiff QUIET IMPORTED_TARGET libtiff-4)
pkg_check_modules(pugixml QUIET IMPORTED_TARGET pugixml)

set(xorch_found_torch ${tiff_FOUND})
if(NOT pugixml_FOUND)
    set(xorch_found_torch OFF)
endif()
foreach(
    part
    TORCH_API_INCLUDE_DIR TORCH_INCLUDE_DIR TORCH_CPU_LIBRARY TORCH_C10_LIBRARY
    OPENCV_INCLUDE_DIR OPENCV_CORE_LIBRARY OPENCV_IMGPROC_LIBRARY OPENCV_IMGCODECS_LIBRARY
)
    if(NOT ${part})
        set(xorch_found_torch OFF)
    endif()
endforeach()
option(XORCH_WITH_TORCH "Build xorch-runner and the native jobs (LibTorch, OpenCV, libtiff, pugixml)" ${xorch_found_torch})

if(XORCH_WITH_TORCH AND NOT xorch_found_torch)
    message(
        FATAL_ERROR
            "XORCH_WITH_TORCH is on, but not all of LibTorch, OpenCV, libtiff and pugixml is there: apt install "
            "libtorch-dev libopenblas0-pthread libopencv-core-dev libopencv-imgproc-dev libopencv-imgcodecs-dev "
            "libtiff-dev libpugixml-dev"
    )
endif()

if(XORCH_WITH_TORCH)
    add_library(xorch_libtorch INTERFACE)
    add_library(xorch::libtorch ALIAS xorch_libtorch)
    # As system headers: our warnings are not theirs.
    target_include_directories(xorch_libtorch SYSTEM INTERFACE ${TORCH_API_INCLUDE_DIR} ${TORCH_INCLUDE_DIR})
    target_link_libraries(xorch_libtorch INTERFACE ${TORCH_CPU_LIBRARY} ${TORCH_C10_LIBRARY})

    add_library(xorch_opencv INTERFACE)
    add_library(xorch::opencv ALIAS xorch_opencv)
    target_include_directories(xorch_opencv SYSTEM INTERFACE ${OPENCV_INCLUDE_DIR})
    target_link_libraries(
        xorch_opencv
        INTERFACE ${OPENCV_CORE_LIBRARY} ${OPENCV_IMGPROC_LIBRARY} ${OPENCV_IMGCODECS_LIBRARY}
    )
else()
    message(STATUS "xorch-runner is not built: native jobs need LibTorch, OpenCV, libtiff and pugixml")
endif()

# xorch_use_torch(NAME): the library or program NAME sees LibTorch, and takes the precompiled headers of
# xorch::jobs_torch; parsing them anew costs more than ten seconds a file.
function(xorch_use_torch NAME)
    # Precompiled headers want the very same definitions, those of fmt among them.
    target_link_libraries(${NAME} PRIVATE xorch::jobs_torch xorch::libtorch fmt::fmt)
    target_precompile_headers(${NAME} REUSE_FROM xorch_jobs_torch)
    # And the same options, also in a test.
    target_compile_options(${NAME} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O2> $<$<CONFIG:RelWithDebInfo>:-g1>)
endfunction()
