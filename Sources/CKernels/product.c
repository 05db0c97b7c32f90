// Matrix products with a packed right-hand side: y = x W' + b.
//
// A packed matrix is cut into panels of CK_PANEL output columns, each [inputs][CK_PANEL], so the
// inner loop reads it in order. The sum over the inputs runs in the same order for every element,
// whatever the number of rows and the instruction set (each step is one fused multiply-add), so a
// row has the same bits in any batch. The libraries that were tried do not promise that.
//
// Blocking after Goto and van de Geijn, 2008, "Anatomy of high-performance matrix multiplication".
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"

#define ROW_BLOCK 224
#define DEPTH_BLOCK 768
#define PREFETCH 16  // steps of the depth ahead: a panel is longer than the first cache

size_t ck_packed_count(size_t inputs, size_t outputs) {
  return (outputs + CK_PANEL - 1) / CK_PANEL * CK_PANEL * inputs;
}

ck_processor ck_current_processor(void) {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) return (ck_processor){"avx512"};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return (ck_processor){"avx2"};
  return (ck_processor){"generic"};
}

#define PACK(T, S)                                                                                \
  void ck_pack_##S(const T *matrix, size_t inputs, size_t outputs, size_t input_stride,           \
                   size_t output_stride, T *packed) {                                             \
    for (size_t n = 0; n < outputs; n += CK_PANEL) {                                              \
      size_t width = outputs - n < CK_PANEL ? outputs - n : CK_PANEL;                             \
      T *panel = packed + n * inputs;                                                             \
      for (size_t k = 0; k < inputs; k++) {                                                       \
        for (size_t j = 0; j < width; j++)                                                        \
          panel[k * CK_PANEL + j] = matrix[k * input_stride + (n + j) * output_stride];           \
        for (size_t j = width; j < CK_PANEL; j++) panel[k * CK_PANEL + j] = 0;                    \
      }                                                                                           \
    }                                                                                             \
  }                                                                                               \
  void ck_unpack_row_##S(const T *packed, size_t inputs, size_t output, T *row) {                 \
    const T *panel = packed + output / CK_PANEL * CK_PANEL * inputs + output % CK_PANEL;          \
    for (size_t k = 0; k < inputs; k++) row[k] = panel[k * CK_PANEL];                             \
  }
PACK(float, f32)
PACK(double, f64)

typedef float lanes16 __attribute__((vector_size(64), aligned(4)));
typedef float lanes8 __attribute__((vector_size(32), aligned(4)));

// rows x CK_PANEL of y += a b, with a packed [depth][rows] and b a panel [depth][CK_PANEL].
// `first`: the sums begin here; otherwise they go on from y.
#define MICRO(NAME, LANES, WIDTH, TARGET, MAXROWS)                                                \
  __attribute__((always_inline)) TARGET static inline void NAME(                                  \
      const int rows, size_t depth, const float *a, const float *b, float *y, size_t y_stride,    \
      int first) {                                                                                \
    enum { COLUMNS = CK_PANEL / WIDTH > 2 ? 2 : CK_PANEL / WIDTH };                               \
    for (int half = 0; half < CK_PANEL / (WIDTH * COLUMNS); half++) {                             \
      LANES sum[MAXROWS][COLUMNS];                                                                \
      float *yh = y + half * WIDTH * COLUMNS;                                                     \
      const float *bh = b + half * WIDTH * COLUMNS;                                               \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++)                           \
          _Pragma("clang loop unroll(full)") for (int j = 0; j < COLUMNS; j++)                    \
              sum[i][j] = first ? (LANES){0} : *(const LANES *)(yh + i * y_stride + j * WIDTH);   \
      if (first) /* nothing has read y yet, and it is written at the end */                       \
        _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++)                         \
            _Pragma("clang loop unroll(full)") for (int j = 0; j < COLUMNS; j++)                  \
                __builtin_prefetch(yh + i * y_stride + j * WIDTH, 1);                             \
      for (size_t k = 0; k < depth; k++) {                                                        \
        LANES bk[COLUMNS];                                                                        \
        _Pragma("clang loop unroll(full)") for (int j = 0; j < COLUMNS; j++) {                    \
          bk[j] = *(const LANES *)(bh + k * CK_PANEL + j * WIDTH);                                \
          __builtin_prefetch(bh + (k + PREFETCH) * CK_PANEL + j * WIDTH);                         \
        }                                                                                         \
        _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++) {                       \
          LANES ai = a[k * rows + i] - (LANES){0};                                                \
          _Pragma("clang loop unroll(full)") for (int j = 0; j < COLUMNS; j++)                    \
              sum[i][j] = __builtin_elementwise_fma(ai, bk[j], sum[i][j]);                        \
        }                                                                                         \
      }                                                                                           \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++)                           \
          _Pragma("clang loop unroll(full)") for (int j = 0; j < COLUMNS; j++)                    \
              *(LANES *)(yh + i * y_stride + j * WIDTH) = sum[i][j];                              \
    }                                                                                             \
  }

#define AVX512 __attribute__((target("avx512f,avx512vl,avx512dq,fma,avx2")))
#define AVX2 __attribute__((target("avx2,fma")))
MICRO(micro16, lanes16, 16, AVX512, 14)
MICRO(micro8, lanes8, 8, AVX2, 6)

typedef void (*tile)(size_t, const float *, const float *, float *, size_t, int);
#define TILE(MICRO_NAME, TARGET, R)                                                               \
  TARGET static void MICRO_NAME##_##R(size_t depth, const float *a, const float *b, float *y,     \
                                      size_t y_stride, int first) {                               \
    MICRO_NAME(R, depth, a, b, y, y_stride, first);                                               \
  }
TILE(micro16, AVX512, 1) TILE(micro16, AVX512, 2) TILE(micro16, AVX512, 3)
TILE(micro16, AVX512, 4) TILE(micro16, AVX512, 5) TILE(micro16, AVX512, 6)
TILE(micro16, AVX512, 7) TILE(micro16, AVX512, 8) TILE(micro16, AVX512, 9)
TILE(micro16, AVX512, 10) TILE(micro16, AVX512, 11) TILE(micro16, AVX512, 12)
TILE(micro16, AVX512, 13) TILE(micro16, AVX512, 14)
TILE(micro8, AVX2, 1) TILE(micro8, AVX2, 2) TILE(micro8, AVX2, 3)
TILE(micro8, AVX2, 4) TILE(micro8, AVX2, 5) TILE(micro8, AVX2, 6)
static const tile tiles16[] = {0, micro16_1, micro16_2, micro16_3, micro16_4, micro16_5,
  micro16_6, micro16_7, micro16_8, micro16_9, micro16_10, micro16_11, micro16_12, micro16_13,
  micro16_14};
static const tile tiles8[] = {0, micro8_1, micro8_2, micro8_3, micro8_4, micro8_5, micro8_6};

// Without fused multiply-add in hardware: the same sums by the library's fma, slow but equal.
static void tile_generic(size_t depth, const float *a, const float *b, float *y, size_t y_stride,
                         int first) {
  (void)y_stride;
  for (int j = 0; j < CK_PANEL; j++) {
    float sum = first ? 0 : y[j];
    for (size_t k = 0; k < depth; k++) sum = fmaf(a[k], b[k * CK_PANEL + j], sum);
    y[j] = sum;
  }
}
static const tile tiles_generic[] = {0, tile_generic};

typedef float lanes4 __attribute__((vector_size(16), aligned(4)));

// Lays `rows` rows of `depth` numbers out as [depth][rows], four by four.
static inline __attribute__((always_inline)) void pack_rows(const int rows, size_t depth,
                                                            const float *x, size_t x_stride,
                                                            float *a) {
  size_t k = 0;
  for (; k + 4 <= depth; k += 4) {
    int i = 0;
    for (; i + 4 <= rows; i += 4) {
      const float *from = x + (size_t)i * x_stride + k;
      const lanes4 r0 = *(const lanes4 *)from, r1 = *(const lanes4 *)(from + x_stride),
                   r2 = *(const lanes4 *)(from + 2 * x_stride), r3 = *(const lanes4 *)(from + 3 * x_stride);
      const lanes4 p0 = __builtin_shufflevector(r0, r1, 0, 4, 1, 5), p1 = __builtin_shufflevector(r2, r3, 0, 4, 1, 5),
                   p2 = __builtin_shufflevector(r0, r1, 2, 6, 3, 7), p3 = __builtin_shufflevector(r2, r3, 2, 6, 3, 7);
      float *to = a + k * (size_t)rows + i;
      *(lanes4 *)to = __builtin_shufflevector(p0, p1, 0, 1, 4, 5);
      *(lanes4 *)(to + rows) = __builtin_shufflevector(p0, p1, 2, 3, 6, 7);
      *(lanes4 *)(to + 2 * rows) = __builtin_shufflevector(p2, p3, 0, 1, 4, 5);
      *(lanes4 *)(to + 3 * rows) = __builtin_shufflevector(p2, p3, 2, 3, 6, 7);
    }
    for (; i < rows; i++)
      for (size_t j = k; j < k + 4; j++) a[j * (size_t)rows + i] = x[(size_t)i * x_stride + j];
  }
  for (; k < depth; k++)
    for (int i = 0; i < rows; i++) a[k * (size_t)rows + i] = x[(size_t)i * x_stride + k];
}

static _Thread_local float *workspace;  // [ROW_BLOCK x DEPTH_BLOCK] + one edge tile, kept by the thread

static size_t depth_block(size_t inputs) {
  size_t blocks = (inputs + DEPTH_BLOCK - 1) / DEPTH_BLOCK;
  return blocks == 0 ? 1 : (inputs + blocks - 1) / blocks;
}

void ck_product_f32(size_t rows, size_t inputs, size_t outputs, const float *x, size_t x_stride,
                    const float *packed, const float *bias, float *y, size_t y_stride) {
  static const tile *tiles;
  static int most;
  const tile *use = __atomic_load_n(&tiles, __ATOMIC_ACQUIRE);
  if (!use) {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")) {
      use = tiles16;
      most = 14;
    } else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
      use = tiles8;
      most = 6;
    } else {
      use = tiles_generic;
      most = 1;
    }
    __atomic_store_n(&tiles, use, __ATOMIC_RELEASE);
  }
  if (!workspace) {
    void *memory = NULL;
    if (posix_memalign(&memory, 64, sizeof(float) * (ROW_BLOCK * DEPTH_BLOCK + 16 * CK_PANEL))) abort();
    workspace = memory;
  }
  float *edge = workspace + ROW_BLOCK * DEPTH_BLOCK;
  const size_t depth_step = depth_block(inputs), tile_rows = (size_t)most;
  for (size_t m0 = 0; m0 < rows; m0 += ROW_BLOCK) {
    const size_t block = rows - m0 < ROW_BLOCK ? rows - m0 : ROW_BLOCK;
    if (inputs == 0)
      for (size_t m = 0; m < block; m++) memset(y + (m0 + m) * y_stride, 0, outputs * sizeof *y);
    for (size_t k0 = 0; k0 < inputs; k0 += depth_step) {
      const size_t depth = inputs - k0 < depth_step ? inputs - k0 : depth_step;
      for (size_t m = 0; m < block; m += tile_rows) {
        const size_t r = block - m < tile_rows ? block - m : tile_rows;
        float *a = workspace + m * depth;
        const float *from = x + (m0 + m) * x_stride + k0;
        if (r == 14)
          pack_rows(14, depth, from, x_stride, a);  // unrolled
        else
          pack_rows((int)r, depth, from, x_stride, a);
      }
      for (size_t n = 0; n < outputs; n += CK_PANEL) {
        const float *b = packed + n * inputs + k0 * CK_PANEL;
        const size_t width = outputs - n < CK_PANEL ? outputs - n : CK_PANEL;
        for (size_t m = 0; m < block; m += tile_rows) {
          const size_t r = block - m < tile_rows ? block - m : tile_rows;
          float *to = y + (m0 + m) * y_stride + n;
          if (width == CK_PANEL) {
            use[r](depth, workspace + m * depth, b, to, y_stride, k0 == 0);
          } else {
            for (size_t i = 0; i < r; i++) memcpy(edge + i * CK_PANEL, to + i * y_stride, width * sizeof *y);
            use[r](depth, workspace + m * depth, b, edge, CK_PANEL, k0 == 0);
            for (size_t i = 0; i < r; i++) memcpy(to + i * y_stride, edge + i * CK_PANEL, width * sizeof *y);
          }
        }
      }
    }
    if (bias)
      for (size_t m = 0; m < block; m++) {
        float *row = y + (m0 + m) * y_stride;
        for (size_t n = 0; n < outputs; n++) row[n] += bias[n];
      }
  }
}

void ck_product_f64(size_t rows, size_t inputs, size_t outputs, const double *x, size_t x_stride,
                    const double *packed, const double *bias, double *y, size_t y_stride) {
  for (size_t m = 0; m < rows; m++)
    for (size_t n = 0; n < outputs; n += CK_PANEL) {
      const size_t width = outputs - n < CK_PANEL ? outputs - n : CK_PANEL;
      double sum[CK_PANEL] = {0};
      for (size_t k = 0; k < inputs; k++) {
        const double xk = x[m * x_stride + k], *b = packed + n * inputs + k * CK_PANEL;
        for (size_t j = 0; j < CK_PANEL; j++) sum[j] += xk * b[j];
      }
      for (size_t j = 0; j < width; j++) y[m * y_stride + n + j] = sum[j] + (bias ? bias[n + j] : 0);
    }
}
