#include <math.h>

#include "kernels.h"
#define REAL double
#define SUFFIX f64
#define FMA fma
#define SQRT sqrt
#include "optimizers.inc"
