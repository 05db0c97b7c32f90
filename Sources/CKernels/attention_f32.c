#include <math.h>

#include "exponential.h"
#include "kernels.h"
#define REAL float
#define SUFFIX f32
#define SQRT sqrtf
#define ERF erff
#define LOG logf
#include "attention.inc"
