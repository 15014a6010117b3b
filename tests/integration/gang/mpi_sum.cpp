// A program of several ranks that knows MPI and nothing of xorch: prints the sum of their numbers,
// and who it is.

#include <mpi.h>

#include <cstdio>

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    int rank = 0;
    int size = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    const int own = rank + 1;
    int sum = 0;
    MPI_Allreduce(&own, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    std::printf("rank=%d size=%d sum=%d\n", rank, size, sum);
    MPI_Finalize();
    return 0;
}
