// Copies of parts of rows, for elements of any type.
#include <string.h>

#include "kernels.h"

void ck_copy_rows(size_t rows, size_t bytes, const void *from, size_t from_stride, void *to,
                  size_t to_stride) {
  const char *source = from;
  char *target = to;
  for (size_t r = 0; r < rows; r++) memcpy(target + r * to_stride, source + r * from_stride, bytes);
}
