#include <math.h>

#include "kernels.h"
#define REAL double
#define SUFFIX f64
#include "reflections.inc"
