#include "blas_threads.h"

int openblas_num_threads_env(void) { return 1; }
