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
#include "panels.h"

#define ROW_BLOCK 224
#define DEPTH_BLOCK 768
#define PREFETCH 16  // steps of the depth ahead: a panel is longer than the first cache
#define DECODED_DEPTH 384  // inputs that are decoded at a time, into the second cache
#define TURNED_INPUTS 64
#define TURNED_DEPTH 512

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

// Kept by the thread: packed rows, one edge tile, and what panels are decoded to.
typedef struct {
  float rows[ROW_BLOCK * DEPTH_BLOCK], edge[16 * CK_PANEL], decoded[DECODED_DEPTH * CK_PANEL];
} row_workspace;

// For products with the transpose of panels: one decoded tile and the panels that come of tiles.
typedef struct {
  float tile[TURNED_INPUTS * CK_PANEL], panels[TURNED_DEPTH * TURNED_INPUTS];
} turning_workspace;

static void *workspace_of(void **kept, size_t bytes) {
  if (!*kept && posix_memalign(kept, 64, bytes)) abort();
  return *kept;
}

static row_workspace *own_workspace(void) {
  static _Thread_local void *kept;
  return workspace_of(&kept, sizeof(row_workspace));
}

static turning_workspace *own_turning_workspace(void) {
  static _Thread_local void *kept;
  return workspace_of(&kept, sizeof(turning_workspace));
}

// The tiles for this processor, by their rows, and the most rows that one has.
typedef struct {
  const tile *by_rows;
  size_t most;
} tile_set;

static tile_set current_tiles(void) {
  static const tile_set sets[] = {{tiles16, 14}, {tiles8, 6}, {tiles_generic, 1}};
  static int chosen;
  int use = __atomic_load_n(&chosen, __ATOMIC_RELAXED);
  if (!use) {
    __builtin_cpu_init();
    use = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") ? 1
          : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")       ? 2
                                                                                  : 3;
    __atomic_store_n(&chosen, use, __ATOMIC_RELAXED);
  }
  return sets[use - 1];
}

// Inputs at a time: equal parts, none above DEPTH_BLOCK.
static size_t depth_block(size_t inputs) {
  const size_t blocks = (inputs + DEPTH_BLOCK - 1) / DEPTH_BLOCK;
  return blocks == 0 ? 1 : (inputs + blocks - 1) / blocks;
}

static void pack_block(tile_set tiles, size_t block, size_t depth, const float *x, size_t x_stride,
                       float *rows) {
  for (size_t m = 0; m < block; m += tiles.most) {
    const size_t r = block - m < tiles.most ? block - m : tiles.most;
    float *a = rows + m * depth;
    if (r == 14)
      pack_rows(14, depth, x + m * x_stride, x_stride, a);  // unrolled
    else
      pack_rows((int)r, depth, x + m * x_stride, x_stride, a);
  }
}

// `block` rows that are packed, by one panel of `depth` inputs; `width` of its outputs are there.
static void multiply_panel(tile_set tiles, const float *rows, float *edge, size_t block,
                           size_t depth, const float *b, size_t width, float *y, size_t y_stride,
                           int first) {
  for (size_t m = 0; m < block; m += tiles.most) {
    const size_t r = block - m < tiles.most ? block - m : tiles.most;
    const float *a = rows + m * depth;
    float *to = y + m * y_stride;
    if (width == CK_PANEL) {
      tiles.by_rows[r](depth, a, b, to, y_stride, first);
    } else {
      for (size_t i = 0; i < r; i++) memcpy(edge + i * CK_PANEL, to + i * y_stride, width * sizeof *y);
      tiles.by_rows[r](depth, a, b, edge, CK_PANEL, first);
      for (size_t i = 0; i < r; i++) memcpy(to + i * y_stride, edge + i * CK_PANEL, width * sizeof *y);
    }
  }
}

static void clear_rows(size_t rows, size_t width, float *y, size_t y_stride) {
  for (size_t m = 0; m < rows; m++) memset(y + m * y_stride, 0, width * sizeof *y);
}

static void add_bias(size_t rows, size_t width, const float *bias, float *y, size_t y_stride) {
  for (size_t m = 0; m < rows; m++)
    for (size_t n = 0; n < width; n++) y[m * y_stride + n] += bias[n];
}

void ck_product_f32(size_t rows, size_t inputs, size_t outputs, const float *x, size_t x_stride,
                    const float *packed, const float *bias, float *y, size_t y_stride) {
  const tile_set tiles = current_tiles();
  row_workspace *space = own_workspace();
  const size_t step = depth_block(inputs);
  if (inputs == 0) clear_rows(rows, outputs, y, y_stride);
  for (size_t m = 0; m < rows; m += ROW_BLOCK) {
    const size_t block = rows - m < ROW_BLOCK ? rows - m : ROW_BLOCK;
    for (size_t k = 0; k < inputs; k += step) {
      const size_t depth = inputs - k < step ? inputs - k : step;
      pack_block(tiles, block, depth, x + m * x_stride + k, x_stride, space->rows);
      for (size_t n = 0; n < outputs; n += CK_PANEL) {
        const size_t width = outputs - n < CK_PANEL ? outputs - n : CK_PANEL;
        multiply_panel(tiles, space->rows, space->edge, block, depth,
                       packed + n * inputs + k * CK_PANEL, width, y + m * y_stride + n, y_stride,
                       k == 0);
      }
    }
    if (bias) add_bias(block, outputs, bias, y + m * y_stride, y_stride);
  }
}

// All products with very few rows; 0 where there is no such way.
static int multiply_few(size_t rows, size_t inputs, size_t outputs, const float *x, size_t x_stride,
                        ck_format format, const void *panels, float *y, size_t y_stride) {
  const size_t panel_bytes = ck_panel_bytes(format, inputs, 1);
  float sums[4 * CK_PANEL];
  for (size_t n = 0; n < outputs; n += CK_PANEL) {
    const size_t width = outputs - n < CK_PANEL ? outputs - n : CK_PANEL;
    if (!ck_multiply_few(format, rows, (const char *)panels + n / CK_PANEL * panel_bytes, inputs, x,
                         x_stride, sums))
      return 0;
    for (size_t i = 0; i < rows; i++)
      memcpy(y + i * y_stride + n, sums + i * CK_PANEL, width * sizeof *y);
  }
  return outputs > 0;
}

void ck_product_panels(size_t rows, size_t inputs, size_t outputs, const float *x, size_t x_stride,
                       ck_format format, const void *panels, const float *bias, float *y,
                       size_t y_stride) {
  const tile_set tiles = current_tiles();
  row_workspace *space = own_workspace();
  const size_t panel_bytes = ck_panel_bytes(format, inputs, 1);
  // A panel is read in order, so as many inputs as there is room for are done before the next one.
  const size_t most = rows < ROW_BLOCK ? ROW_BLOCK * DEPTH_BLOCK / (rows ? rows : 1) : DEPTH_BLOCK;
  const size_t step = most / DECODED_DEPTH * DECODED_DEPTH;
  if (inputs == 0) clear_rows(rows, outputs, y, y_stride);
  if (multiply_few(rows, inputs, outputs, x, x_stride, format, panels, y, y_stride)) {
    if (bias) add_bias(rows, outputs, bias, y, y_stride);
    return;
  }
  for (size_t m = 0; m < rows; m += ROW_BLOCK) {
    const size_t block = rows - m < ROW_BLOCK ? rows - m : ROW_BLOCK;
    for (size_t k = 0; k < inputs; k += step) {
      const size_t end = inputs - k < step ? inputs : k + step;
      for (size_t i = k; i < end; i += DECODED_DEPTH)
        pack_block(tiles, block, end - i < DECODED_DEPTH ? end - i : DECODED_DEPTH,
                   x + m * x_stride + i, x_stride, space->rows + (i - k) * block);
      for (size_t n = 0; n < outputs; n += CK_PANEL) {
        const size_t width = outputs - n < CK_PANEL ? outputs - n : CK_PANEL;
        const char *panel = (const char *)panels + n / CK_PANEL * panel_bytes;
        for (size_t i = k; i < end; i += DECODED_DEPTH) {
          const size_t depth = end - i < DECODED_DEPTH ? end - i : DECODED_DEPTH;
          ck_decode_panel(format, panel, i, depth, space->decoded);
          multiply_panel(tiles, space->rows + (i - k) * block, space->edge, block, depth,
                         space->decoded, width, y + m * y_stride + n, y_stride, i == 0);
        }
      }
    }
    if (bias) add_bias(block, outputs, bias, y + m * y_stride, y_stride);
  }
}

void ck_product_panels_transposed(size_t rows, size_t inputs, size_t outputs, const float *g,
                                  size_t g_stride, ck_format format, const void *panels, float *y,
                                  size_t y_stride) {
  const tile_set tiles = current_tiles();
  row_workspace *space = own_workspace();
  turning_workspace *turned = own_turning_workspace();
  const size_t panel_bytes = ck_panel_bytes(format, inputs, 1);
  if (outputs == 0) clear_rows(rows, inputs, y, y_stride);
  for (size_t m = 0; m < rows; m += ROW_BLOCK) {
    const size_t block = rows - m < ROW_BLOCK ? rows - m : ROW_BLOCK;
    for (size_t n = 0; n < outputs; n += TURNED_DEPTH) {
      const size_t depth = outputs - n < TURNED_DEPTH ? outputs - n : TURNED_DEPTH;
      pack_block(tiles, block, depth, g + m * g_stride + n, g_stride, space->rows);
      for (size_t k = 0; k < inputs; k += TURNED_INPUTS) {
        const size_t wide = inputs - k < TURNED_INPUTS ? inputs - k : TURNED_INPUTS;
        for (size_t o = 0; o < depth; o += CK_PANEL) {
          ck_decode_panel(format, (const char *)panels + (n + o) / CK_PANEL * panel_bytes, k, wide,
                          turned->tile);
          const size_t there = depth - o < CK_PANEL ? depth - o : CK_PANEL;
          for (size_t i = 0; i < wide; i += CK_PANEL) {
            const size_t width = wide - i < CK_PANEL ? wide - i : CK_PANEL;
            float *to = turned->panels + i * depth + o * CK_PANEL;
            if (width == CK_PANEL)
              pack_rows(CK_PANEL, there, turned->tile + i * CK_PANEL, CK_PANEL, to);
            else
              for (size_t j = 0; j < there; j++)
                for (size_t c = 0; c < CK_PANEL; c++)
                  to[j * CK_PANEL + c] = c < width ? turned->tile[(i + c) * CK_PANEL + j] : 0;
          }
        }
        for (size_t i = 0; i < wide; i += CK_PANEL) {
          const size_t width = wide - i < CK_PANEL ? wide - i : CK_PANEL;
          multiply_panel(tiles, space->rows, space->edge, block, depth, turned->panels + i * depth,
                         width, y + m * y_stride + k + i, y_stride, n == 0);
        }
      }
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
