#include <math.h>

#include "kernels.h"
#define REAL float
#define SUFFIX f32
#include "reflections.inc"
