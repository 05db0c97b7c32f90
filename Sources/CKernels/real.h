// Compiles the including file's kernels for one element type: define REAL and SUFFIX first.
#define CONCATENATE2(a, b) a##_##b
#define CONCATENATE(a, b) CONCATENATE2(a, b)
#define KERNEL(name) CONCATENATE(name, SUFFIX)
#include "clones.h"
