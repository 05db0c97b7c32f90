// MPI's handles are macros that cast addresses, which Swift does not import: one function each.
#include <mpi.h>

static inline MPI_Comm cmpi_comm_world(void) { return MPI_COMM_WORLD; }
static inline MPI_Datatype cmpi_byte(void) { return MPI_BYTE; }
static inline MPI_Info cmpi_info_null(void) { return MPI_INFO_NULL; }
static inline MPI_Errhandler cmpi_errors_return(void) { return MPI_ERRORS_RETURN; }

// What MPI_Abort does in Open MPI after it has printed its banner; not there in every version.
extern int ompi_mpi_abort(MPI_Comm comm, int code) __attribute__((weak));

// MPI_Abort of all ranks, without a banner where that is possible: who ends them has said why.
static inline void cmpi_abort(int code) {
  if (ompi_mpi_abort) ompi_mpi_abort(MPI_COMM_WORLD, code);
  MPI_Abort(MPI_COMM_WORLD, code);
}
