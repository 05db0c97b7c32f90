#include <stdint.h>
#include <string.h>

#include "kernels.h"
#define REAL double
#define SUFFIX f64
#include "images.inc"
