#pragma once

#include <stddef.h>
#include <stdint.h>

// Sums of floats in double, each in the order of the rows. A product of two floats is exact in
// double, so a fused multiplication and addition gives the same bits as two steps: everywhere.

/// Adds `rows` rows of `width` columns to the columns' sums, sums of squares, minima and maxima.
/// NaN passes into the sums and not into the extremes.
void statistics_columns(size_t rows, size_t width, const float *x, double *sums, double *squares,
                        float *minima, float *maxima);

/// Adds one row to sums of columns.
void statistics_add_row(size_t width, const float *x, double *sums);

/// The sum of the squares of a row, in eight partial sums that are added in one order.
double statistics_squares(size_t width, const float *x);

/// Adds the upper triangle of x'x to `moments`, `[width, width]`; `x` has `rows` rows of `width`
/// columns, `stride` elements apart. `scratch` has room for `STATISTICS_BLOCK * width` doubles.
enum { STATISTICS_BLOCK = 16 };
void statistics_moments(size_t rows, size_t width, size_t stride, const float *x, double *moments,
                        double *scratch);

/// Counts values by bins of the top `STATISTICS_SUB_BITS` bits of their mantissa and their exponent:
/// `STATISTICS_BINS` of negative values, the largest magnitude first, one of magnitudes below
/// 2^STATISTICS_LOWEST, and as many of positive values. Larger magnitudes fall into the outermost.
/// Returns how many values are not finite; they are in no bin.
enum {
  STATISTICS_SUB_BITS = 6,
  STATISTICS_LOWEST = -40,
  STATISTICS_OCTAVES = 64,
  STATISTICS_BINS = STATISTICS_OCTAVES << STATISTICS_SUB_BITS,
};
int64_t statistics_count(size_t count, const float *x, int64_t *bins);
