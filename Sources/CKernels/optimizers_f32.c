#include <math.h>

#include "kernels.h"
#define REAL float
#define SUFFIX f32
#define FMA fmaf
#define SQRT sqrtf
#include "optimizers.inc"
