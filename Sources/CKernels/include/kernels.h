// Elementwise, row-wise and matrix kernels, for float (_f32) and, for checks, double (_f64).
//
// Every function reads and writes plain row-major arrays and keeps no state. The value of a row
// never depends on which other rows are in the batch: sums run in an order that is fixed by the
// width alone.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CK_PANEL 32  // columns in one panel of a packed matrix

// A batch of attention: queries of packed sequences over keys in several pieces.
//
// Sequence s has the pieces piece_start[s] ..< piece_start[s + 1], in the order of its positions;
// piece t is piece_rows[t] rows from row piece_row[t] on of the prefix (piece_own[t] == 0) or of
// the batch's own keys and values (1). Query i belongs to sequence query_sequence[i], where it stands
// at query_position[i], and sees that sequence's keys query_first[i] ..< query_keys[i].
typedef struct {
  int32_t queries, heads, key_heads, head_width;
  int32_t key_capacity;     // keys that a row of the weights has room for
  const int32_t *query_row, *query_sequence, *query_first, *query_keys, *query_position;
  const int32_t *piece_start, *piece_row, *piece_rows;
  const uint8_t *piece_own;
} ck_attention_layout;

typedef struct {
  const char *instruction_set;  // what the dispatch chose: "avx512", "avx2" or "generic"
} ck_processor;

ck_processor ck_current_processor(void);

// Number of elements of a packed matrix of `inputs` x `outputs`.
size_t ck_packed_count(size_t inputs, size_t outputs);

// Pieces of rows: `count` of `width` elements in each of `rows` rows that lie `stride` apart, at
// offsets[row * step + i] elements from the row's first.
typedef struct {
  size_t rows, stride, count, step, width;
  const ptrdiff_t *offsets;
} ck_pieces;

// A square window that slides over an image, with the sizes before and after.
typedef struct {
  size_t height, width, channels, size, stride, padding, out_height, out_width;
} ck_window;

// The numbers of one step of Adam.
typedef struct {
  double decay, shrink, mean_weight, square_keep, square_weight, correction, epsilon, rate;
} ck_adam_step;

// The numbers of one step of gradient descent with momentum.
typedef struct {
  double decay, momentum, take, rate;
  int nesterov, first;
} ck_sgd_step;

// Copies `rows` runs of `bytes` bytes, at distances of from_stride and to_stride bytes.
void ck_copy_rows(size_t rows, size_t bytes, const void *from, size_t from_stride, void *to,
                  size_t to_stride);

#define CK_DECLARE(T, S)                                                                          \
  void ck_pack_##S(const T *matrix, size_t inputs, size_t outputs, size_t input_stride,           \
                   size_t output_stride, T *packed);                                              \
  void ck_unpack_row_##S(const T *packed, size_t inputs, size_t output, T *row);                  \
  void ck_product_##S(size_t rows, size_t inputs, size_t outputs, const T *x, size_t x_stride,    \
                      const T *packed, const T *bias, T *y, size_t y_stride);                     \
  void ck_add_##S(const T *a, const T *b, T *y, size_t n);                                        \
  void ck_subtract_##S(const T *a, const T *b, T *y, size_t n);                                   \
  void ck_multiply_##S(const T *a, const T *b, T *y, size_t n);                                   \
  void ck_divide_##S(const T *a, const T *b, T *y, size_t n);                                     \
  void ck_scale_##S(const T *a, T factor, T offset, T *y, size_t n);                              \
  void ck_axpy_##S(T factor, const T *x, T *y, size_t n);                                         \
  void ck_exp_##S(const T *x, T *y, size_t n);                                                    \
  void ck_log_##S(const T *x, T *y, size_t n);                                                    \
  void ck_sigmoid_##S(const T *x, T *y, size_t n);                                                \
  void ck_tanh_##S(const T *x, T *y, size_t n);                                                   \
  void ck_relu_##S(const T *x, T *y, size_t n);                                                   \
  void ck_silu_##S(const T *x, T *y, size_t n);                                                   \
  void ck_gelu_tanh_##S(const T *x, T *y, size_t n);                                              \
  void ck_gelu_erf_##S(const T *x, T *y, size_t n);                                               \
  void ck_relu_gradient_##S(const T *x, const T *g, T *y, size_t n);                              \
  void ck_silu_gradient_##S(const T *x, const T *g, T *y, size_t n);                              \
  void ck_gelu_tanh_gradient_##S(const T *x, const T *g, T *y, size_t n);                         \
  void ck_gelu_erf_gradient_##S(const T *x, const T *g, T *y, size_t n);                          \
  void ck_rms_norm_##S(size_t rows, size_t width, const T *x, const T *weight, T epsilon, T *y,   \
                       T *scale);                                                                 \
  void ck_rms_norm_gradient_##S(size_t rows, size_t width, const T *x, const T *weight,           \
                                const T *scale, const T *g, T *dx, T *dweight);                   \
  void ck_layer_norm_##S(size_t rows, size_t width, const T *x, const T *weight, const T *bias,   \
                         T epsilon, T *y, T *mean, T *scale);                                     \
  void ck_layer_norm_gradient_##S(size_t rows, size_t width, const T *x, const T *weight,         \
                                  const T *mean, const T *scale, const T *g, T *dx, T *dweight,   \
                                  T *dbias);                                                      \
  void ck_softmax_rows_##S(size_t rows, size_t width, const T *x, T *y);                          \
  void ck_softmax_gradient_##S(size_t rows, size_t width, const T *y, const T *g, T *dx);         \
  void ck_log_sum_exp_##S(size_t rows, size_t width, const T *x, T *y);                           \
  void ck_sum_rows_##S(size_t rows, size_t width, const T *x, T *y);                              \
  void ck_sum_columns_##S(size_t rows, size_t width, const T *x, T *y);                           \
  void ck_broadcast_add_##S(size_t rows, size_t width, const T *a, const T *b,                    \
      size_t row_step, size_t column_step, T *y);                                                 \
  void ck_broadcast_subtract_##S(size_t rows, size_t width, const T *a, const T *b,               \
      size_t row_step, size_t column_step, T *y);                                                 \
  void ck_broadcast_multiply_##S(size_t rows, size_t width, const T *a, const T *b,               \
      size_t row_step, size_t column_step, T *y);                                                 \
  void ck_broadcast_divide_##S(size_t rows, size_t width, const T *a, const T *b,                 \
      size_t row_step, size_t column_step, T *y);                                                 \
  void ck_rotate_##S(size_t rows, size_t heads, size_t head_width, size_t rotated, int paired,    \
                     T sign, const int32_t *positions, const T *cosines, const T *sines,          \
                     const T *x, T *y);                                                           \
  typedef struct {                                                                                \
    T scale, soft_cap;     /* of the products; no cap where it is 0 */                            \
    const T *bias;         /* heads x bias_width, by the key's distance from the query, or null */ \
    int32_t bias_width, bias_zero; /* bias_zero: the place of distance 0 */                       \
    int32_t bias_by_key;   /* whether places are the keys' positions and no distances */          \
    const T *sinks;        /* a score of each head for no key, or null */                         \
  } ck_attention_terms_##S;                                                                       \
  void ck_attention_weights_##S(const ck_attention_layout *layout,                                \
                                const ck_attention_terms_##S *terms, const T *q,                  \
                                const T *own_keys, const T *prefix_keys, T *weights);             \
  void ck_attention_mix_##S(const ck_attention_layout *layout, const T *weights,                  \
                            const T *own_values, const T *prefix_values, T *y);                   \
  void ck_attention_weights_gradient_##S(                                                         \
      const ck_attention_layout *layout, const ck_attention_terms_##S *terms, const T *q,         \
      const T *own_keys, const T *prefix_keys, const T *weights, const T *gweights, T *dq,        \
      T *dkeys, T *dbias, T *dsinks);                                                             \
  void ck_attention_mix_gradient_##S(const ck_attention_layout *layout, const T *weights,         \
                                     const T *own_values, const T *prefix_values, const T *g,     \
                                     T *gweights, T *dvalues);                                    \
  void ck_gather_##S(const ck_pieces *pieces, const T *from, T *parts);                           \
  void ck_scatter_##S(const ck_pieces *pieces, const T *from, T *whole);                          \
  void ck_accumulate_##S(const ck_pieces *pieces, const T *from, T *whole);                       \
  void ck_take_##S(const ck_pieces *pieces, T *whole, T *parts);                                  \
  void ck_unfold_##S(const ck_window *window, const T *x, T *y);                                  \
  void ck_fold_##S(const ck_window *window, const T *g, T *dx);                                   \
  void ck_max_pool_##S(const ck_window *window, const T *x, T *y, int32_t *from);                 \
  void ck_max_pool_gradient_##S(const ck_window *window, const T *g, const int32_t *from, T *dx); \
  void ck_average_pool_##S(const ck_window *window, const T *x, T *y);                            \
  void ck_average_pool_gradient_##S(const ck_window *window, const T *g, T *dx);                  \
  void ck_clamp_##S(const T *x, T low, T high, T *y, size_t n);                                   \
  void ck_clamp_gradient_##S(const T *x, T low, T high, const T *g, T *y, size_t n);              \
  void ck_select_##S(const T *mask, const T *a, const T *b, T *y, size_t n);                      \
  void ck_jump_relu_##S(size_t rows, size_t width, const T *x, const T *threshold, T *y);         \
  void ck_jump_relu_gradient_##S(size_t rows, size_t width, const T *x, const T *threshold,       \
                                 const T *g, T *dx);                                              \
  void ck_divergence_##S(size_t rows, size_t width, const T *log_p, const T *log_q, T *y);        \
  void ck_reflection_factor_##S(size_t n, const T *products, const T *tau, T *factor);            \
  void ck_reflect_panel_##S(size_t rows, size_t width, T *a, T *v, T *tau, T *workspace);         \
  void ck_adam_##S(const ck_adam_step *step, const T *g, T *p, T *mean, T *square, size_t n);     \
  void ck_sgd_##S(const ck_sgd_step *step, const T *g, T *p, T *velocity, size_t n);              \
  void ck_transpose_##S(size_t rows, size_t width, const T *x, T *y);                             \
  T ck_sum_##S(const T *x, size_t n);                                                             \
  T ck_dot_##S(const T *a, const T *b, size_t n);

CK_DECLARE(float, f32)
CK_DECLARE(double, f64)
#undef CK_DECLARE
