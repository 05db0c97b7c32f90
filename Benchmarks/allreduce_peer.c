/* Times MPI_Allreduce of floats, the median of a few, and prints one JSON object a line on rank 0. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  int rank, size;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  const int counts[] = {25000, 600000, 16000000};
  for (int which = 0; which < 3; which++) {
    int count = counts[which];
    float *values = malloc(sizeof(float) * count), *sum = malloc(sizeof(float) * count);
    if (!values || !sum) MPI_Abort(MPI_COMM_WORLD, 6);
    for (int i = 0; i < count; i++) values[i] = (float)(rank + 1) / (float)(i % 97 + 1);
    double times[7];
    for (int turn = 0; turn < 8; turn++) {
      MPI_Barrier(MPI_COMM_WORLD);
      double start = MPI_Wtime();
      MPI_Allreduce(values, sum, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
      if (turn > 0) times[turn - 1] = MPI_Wtime() - start;
    }
    qsort(times, 7, sizeof(double), ascending);
    if (rank == 0)
      printf("{\"name\": \"allreduce_%d_ranks_%d\", \"seconds\": %.9f}\n", count, size, times[3]);
    free(values);
    free(sum);
  }
  MPI_Finalize();
  return 0;
}
