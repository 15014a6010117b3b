# CUDA and NCCL, for gangs on GPUs: XORCH_WITH_CUDA is on where both are found, with MPI, through which ranks find each
# other. Host code only: no CUDA compiler is needed.

find_package(CUDAToolkit QUIET)
find_path(NCCL_INCLUDE_DIR nccl.h HINTS ${CUDAToolkit_INCLUDE_DIRS})
find_library(NCCL_LIBRARY nccl HINTS ${CUDAToolkit_LIBRARY_DIR} ${CUDAToolkit_LIBRARY_ROOT}/lib)
set(xorch_found_cuda OFF)
if(CUDAToolkit_FOUND AND NCCL_INCLUDE_DIR AND NCCL_LIBRARY AND XORCH_WITH_MPI)
    set(xorch_found_cuda ON)
endif()
option(XORCH_WITH_CUDA "Native units of several ranks on GPUs (CUDA, NCCL)" ${xorch_found_cuda})
if(XORCH_WITH_CUDA AND NOT xorch_found_cuda)
    message(FATAL_ERROR "XORCH_WITH_CUDA is on, but not all of the CUDA toolkit, NCCL and MPI is there")
elseif(XORCH_WITH_CUDA)
    add_library(xorch_nccl_library INTERFACE)
    add_library(xorch::nccl_library ALIAS xorch_nccl_library)
    target_include_directories(xorch_nccl_library SYSTEM INTERFACE ${NCCL_INCLUDE_DIR} ${CUDAToolkit_INCLUDE_DIRS})
    target_link_libraries(xorch_nccl_library INTERFACE ${NCCL_LIBRARY} CUDA::cudart_static)
endif()
