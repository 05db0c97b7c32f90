#include <stdint.h>
#include <string.h>

#include "kernels.h"
#define REAL float
#define SUFFIX f32
#include "images.inc"
