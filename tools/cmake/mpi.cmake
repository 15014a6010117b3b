# MPI, for gangs of native units: XORCH_WITH_MPI is on where it is found. Only xorch-runner links it.

set(MPI_CXX_SKIP_MPICXX ON) # the bindings that MPI 3.0 removed
find_package(MPI QUIET COMPONENTS CXX)
option(XORCH_WITH_MPI "Native units of several ranks (MPI)" ${MPI_CXX_FOUND})
if(XORCH_WITH_MPI AND NOT MPI_CXX_FOUND)
    message(FATAL_ERROR "XORCH_WITH_MPI is on, but MPI is not there: apt install libopenmpi-dev openmpi-bin")
elseif(XORCH_WITH_MPI)
    add_library(xorch_mpi_library INTERFACE)
    add_library(xorch::mpi_library ALIAS xorch_mpi_library)
    # As system headers: our warnings are not theirs.
    target_include_directories(xorch_mpi_library SYSTEM INTERFACE ${MPI_CXX_INCLUDE_DIRS})
    target_link_libraries(xorch_mpi_library INTERFACE ${MPI_CXX_LIBRARIES})
else()
    message(STATUS "native units have one rank: more need MPI (libopenmpi-dev openmpi-bin)")
endif()
