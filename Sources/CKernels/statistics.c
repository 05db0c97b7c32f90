#include "statistics.h"

#include <string.h>

#include "clones.h"

CLONES void statistics_columns(size_t rows, size_t width, const float *restrict x,
                               double *restrict sums, double *restrict squares,
                               float *restrict minima, float *restrict maxima) {
  for (size_t row = 0; row < rows; row++, x += width)
    for (size_t i = 0; i < width; i++) {
      double value = x[i];
      sums[i] += value;
      squares[i] += value * value;
      minima[i] = x[i] < minima[i] ? x[i] : minima[i];
      maxima[i] = x[i] > maxima[i] ? x[i] : maxima[i];
    }
}

CLONES void statistics_add_row(size_t width, const float *restrict x, double *restrict sums) {
  for (size_t i = 0; i < width; i++) sums[i] += (double)x[i];
}

CLONES double statistics_squares(size_t width, const float *restrict x) {
  double part[8] = {0};
  size_t i = 0;
  for (; i + 8 <= width; i += 8)
    for (int lane = 0; lane < 8; lane++) part[lane] += (double)x[i + lane] * (double)x[i + lane];
  for (; i < width; i++) part[i % 8] += (double)x[i] * (double)x[i];
  return ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
}

CLONES void statistics_moments(size_t rows, size_t width, size_t stride, const float *restrict x,
                               double *restrict moments, double *restrict scratch) {
  for (size_t start = 0; start < rows; start += STATISTICS_BLOCK) {
    size_t block = rows - start < STATISTICS_BLOCK ? rows - start : STATISTICS_BLOCK;
    for (size_t row = 0; row < block; row++)
      for (size_t i = 0; i < width; i++) scratch[row * width + i] = x[(start + row) * stride + i];
    for (size_t i = 0; i < width; i++) {
      double *target = moments + i * width;
      size_t j = i;
      for (; j + 16 <= width; j += 16) {
        double sum[16];
        for (int lane = 0; lane < 16; lane++) sum[lane] = target[j + lane];
        for (size_t row = 0; row < block; row++) {
          const double *values = scratch + row * width;
          for (int lane = 0; lane < 16; lane++) sum[lane] += values[i] * values[j + lane];
        }
        for (int lane = 0; lane < 16; lane++) target[j + lane] = sum[lane];
      }
      for (; j < width; j++)
        for (size_t row = 0; row < block; row++)
          target[j] += scratch[row * width + i] * scratch[row * width + j];
    }
  }
}

int64_t statistics_count(size_t count, const float *x, int64_t *bins) {
  const uint32_t lowest = (uint32_t)(127 + STATISTICS_LOWEST) << 23;
  int64_t strange = 0;
  for (size_t i = 0; i < count; i++) {
    uint32_t pattern;
    memcpy(&pattern, x + i, 4);
    uint32_t magnitude = pattern & 0x7FFFFFFFu;
    if (magnitude >= 0x7F800000u) {
      strange++;
    } else if (magnitude < lowest) {
      bins[STATISTICS_BINS]++;
    } else {
      uint32_t bin = (magnitude - lowest) >> (23 - STATISTICS_SUB_BITS);
      if (bin >= STATISTICS_BINS) bin = STATISTICS_BINS - 1;
      bins[pattern >> 31 ? STATISTICS_BINS - 1 - bin : STATISTICS_BINS + 1 + bin]++;
    }
  }
  return strange;
}
