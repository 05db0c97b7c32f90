#include <math.h>

#include "exponential.h"
#include "kernels.h"
#define REAL double
#define SUFFIX f64
#define SQRT sqrt
#define LOG log
#include "attention.inc"
