#include <math.h>

#include "exponential.h"
#include "kernels.h"
#define REAL float
#define SUFFIX f32
#define SQRT sqrtf
#define LOG logf
#include "elementwise.inc"
