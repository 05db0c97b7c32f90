#pragma once

#include <stddef.h>
#include <stdint.h>

// Packed matrices whose weights stay as their file has them: halves, or blocks with shared scales.
//
// A panel is CK_PANEL outputs of a matrix, cut along the inputs into tiles of one block: the blocks'
// scales first, then the codes input by input, so that the outputs lie side by side. A tile has as
// many bytes as the blocks that it is made of. What a panel is decoded to has the bits of
// `dequantise.h`.

typedef enum {
  CK_F16,
  CK_BF16,
  CK_Q8_0,
  CK_Q4_0,
  CK_Q4_1,
  CK_Q5_0,
  CK_Q5_1,
  CK_IQ4_NL,
  CK_MXFP4,
  CK_Q2_K,
  CK_Q3_K,
  CK_Q4_K,
  CK_Q5_K,
  CK_Q6_K,
} ck_format;

/// Inputs of a block: 1, 32 or 256.
size_t ck_block_inputs(ck_format format);

/// Bytes of the panels of a matrix; `inputs` is a multiple of the block's.
size_t ck_panel_bytes(ck_format format, size_t inputs, size_t outputs);

/// Packs halves (F16, BF16) that lie `input_stride` and `output_stride` apart.
void ck_pack_halves(const uint16_t *matrix, size_t inputs, size_t outputs, size_t input_stride,
                    size_t output_stride, uint16_t *panels);

/// Puts the blocks of one output into their places. Those of outputs that are not there are zero
/// before, or are never looked at.
void ck_pack_blocks(ck_format format, const void *row, size_t inputs, size_t output, void *panels);

/// The weights of one output, `inputs` floats.
void ck_decode_row(ck_format format, const void *panels, size_t inputs, size_t output, float *row);

/// y = x W' + b with the bits of `ck_product_f32` on the same weights as floats.
void ck_product_panels(size_t rows, size_t inputs, size_t outputs, const float *x, size_t x_stride,
                       ck_format format, const void *panels, const float *bias, float *y,
                       size_t y_stride);

/// y = g W, `[rows, outputs]` to `[rows, inputs]`, from the same panels, with the bits of
/// `ck_product_f32` on the transposed weights as floats.
void ck_product_panels_transposed(size_t rows, size_t inputs, size_t outputs, const float *g,
                                  size_t g_stride, ck_format format, const void *panels, float *y,
                                  size_t y_stride);

/// Inputs `from ..< from + count` of a panel as `[count][CK_PANEL]` floats; both are multiples of 32,
/// or of 1 where blocks are of one element, or end with the inputs.
void ck_decode_panel(ck_format format, const void *panel, size_t from, size_t count, float *to);

/// The products of one panel with up to four rows, `[rows][CK_PANEL]`, without a decoded copy.
///
/// Returns 0, and does nothing, where there is no such way.
int ck_multiply_few(ck_format format, size_t rows, const void *panel, size_t inputs, const float *x,
                    size_t x_stride, float *to);
