#include <cblas.h>

/// Takes one of the buffers in which the library packs matrices; maps one if all are taken.
void *blas_memory_alloc(int purpose);
/// Gives it back; it stays mapped, for the next.
void blas_memory_free(void *buffer);
