// Panels of weights as their file has them: how they are laid out, and decoded for a product.
#include "panels.h"

#include "clones.h"
#include "denormals.h"
#include "halves.h"
#include "kernels.h"

#define WIDE CK_PANEL

/// What there is to know of a block: how many elements share their scales, the bytes of these, and
/// the bits of a code in a low and a high plane.
typedef struct {
  uint16_t inputs;
  uint8_t header, low, high;
} block_form;

static const block_form forms[] = {
    [CK_F16] = {1, 0, 16, 0},    [CK_BF16] = {1, 0, 16, 0},  [CK_Q8_0] = {32, 2, 8, 0},
    [CK_Q4_0] = {32, 2, 4, 0},   [CK_Q4_1] = {32, 4, 4, 0},  [CK_Q5_0] = {32, 2, 4, 1},
    [CK_Q5_1] = {32, 4, 4, 1},   [CK_IQ4_NL] = {32, 2, 4, 0}, [CK_MXFP4] = {32, 1, 4, 0},
    [CK_Q2_K] = {256, 20, 2, 0}, [CK_Q3_K] = {256, 14, 2, 1}, [CK_Q4_K] = {256, 16, 4, 0},
    [CK_Q5_K] = {256, 16, 4, 1}, [CK_Q6_K] = {256, 18, 4, 2},
};

static inline size_t tile_bytes(const block_form *form) {
  return WIDE * (form->header + (size_t)form->inputs * (form->low + form->high) / 8);
}

size_t ck_block_inputs(ck_format format) { return forms[format].inputs; }

static inline size_t panel_bytes(const block_form *form, size_t inputs) {
  return inputs / form->inputs * tile_bytes(form);
}

size_t ck_panel_bytes(ck_format format, size_t inputs, size_t outputs) {
  return (outputs + WIDE - 1) / WIDE * panel_bytes(&forms[format], inputs);
}

void ck_pack_halves(const uint16_t *matrix, size_t inputs, size_t outputs, size_t input_stride,
                    size_t output_stride, uint16_t *panels) {
  for (size_t n = 0; n < outputs; n += WIDE) {
    const size_t width = outputs - n < WIDE ? outputs - n : WIDE;
    uint16_t *panel = panels + n * inputs;
    for (size_t k = 0; k < inputs; k++) {
      for (size_t j = 0; j < width; j++)
        panel[k * WIDE + j] = matrix[k * input_stride + (n + j) * output_stride];
      for (size_t j = width; j < WIDE; j++) panel[k * WIDE + j] = 0;
    }
  }
}

/// The codes of a block in the order of its elements, and where its scales stand. `scales` has room
/// for them, where they are not in one piece.
static const uint8_t *codes_of(ck_format format, const uint8_t *block, uint8_t *codes,
                               uint8_t *scales) {
  switch (format) {
    case CK_F16:
    case CK_BF16: return block;
    case CK_Q8_0: memcpy(codes, block + 2, 32); return block;
    case CK_Q4_0:
    case CK_Q4_1:
    case CK_IQ4_NL:
    case CK_MXFP4: {
      const uint8_t *q = block + forms[format].header;
      for (int i = 0; i < 16; i++) {
        codes[i] = q[i] & 15;
        codes[i + 16] = q[i] >> 4;
      }
      return block;
    }
    case CK_Q5_0:
    case CK_Q5_1: {
      const uint8_t *high = block + forms[format].header, *q = high + 4;
      for (int i = 0; i < 32; i++)
        codes[i] = (uint8_t)((q[i % 16] >> i / 16 * 4 & 15) | (high[i / 8] >> i % 8 & 1) << 4);
      return block;
    }
    case CK_Q2_K:
      for (int i = 0; i < 256; i++)
        codes[i] = block[16 + i / 128 * 32 + i % 32] >> i % 128 / 32 * 2 & 3;
      memcpy(scales, block, 16);
      memcpy(scales + 16, block + 80, 4);
      return scales;
    case CK_Q3_K:
      for (int i = 0; i < 256; i++)
        codes[i] = (uint8_t)((block[32 + i / 128 * 32 + i % 32] >> i % 128 / 32 * 2 & 3) |
                             (block[i % 32] >> i / 32 & 1) << 2);
      return block + 96;
    case CK_Q4_K:
      for (int i = 0; i < 256; i++)
        codes[i] = block[16 + i / 64 * 32 + i % 32] >> i / 32 % 2 * 4 & 15;
      return block;
    case CK_Q5_K:
      for (int i = 0; i < 256; i++)
        codes[i] = (uint8_t)((block[48 + i / 64 * 32 + i % 32] >> i / 32 % 2 * 4 & 15) |
                             (block[16 + i % 32] >> i / 32 & 1) << 4);
      return block;
    case CK_Q6_K:
      for (int i = 0; i < 256; i++) {
        const int part = i / 32, of = i % 32;
        codes[i] = (uint8_t)((block[part / 4 * 64 + part % 2 * 32 + of] >> part / 2 % 2 * 4 & 15) |
                             (block[128 + part / 4 * 32 + of] >> part % 4 * 2 & 3) << 4);
      }
      return block + 192;
  }
  return block;
}

/// Puts a code of some bits at output `j` of one input's row of a plane: nibbles of outputs 16 apart
/// share a byte, two bits and one are in order.
static inline void put(uint8_t *row, int bits, size_t j, uint8_t code) {
  switch (bits) {
    case 8: row[j] = code; break;
    case 4: {
      const int shift = j / 16 * 4;
      row[j % 16] = (uint8_t)((row[j % 16] & ~(15 << shift)) | code << shift);
      break;
    }
    case 2: {
      const int shift = j % 4 * 2;
      row[j / 4] = (uint8_t)((row[j / 4] & ~(3 << shift)) | code << shift);
      break;
    }
    case 1: {
      const int shift = j % 8;
      row[j / 8] = (uint8_t)((row[j / 8] & ~(1 << shift)) | code << shift);
      break;
    }
  }
}

void ck_pack_blocks(ck_format format, const void *row, size_t inputs, size_t output, void *panels) {
  const block_form form = forms[format];
  const size_t block_bytes = tile_bytes(&form) / WIDE, j = output % WIDE;
  const uint8_t *block = row;
  uint8_t *tile = (uint8_t *)panels + output / WIDE * panel_bytes(&form, inputs);
  const uint8_t below = (uint8_t)((1 << form.low) - 1);
  uint8_t codes[256], scales[20];
  for (size_t b = 0; b < inputs / form.inputs; b++, block += block_bytes, tile += tile_bytes(&form)) {
    const uint8_t *header = codes_of(format, block, codes, scales);
    if (form.inputs == 32)  // the numbers of all outputs side by side
      for (size_t i = 0; i < form.header; i += 2) {
        const size_t bytes = form.header - i < 2 ? 1 : 2;
        memcpy(tile + i * WIDE + j * bytes, header + i, bytes);
      }
    else
      memcpy(tile + j * form.header, header, form.header);
    uint8_t *low = tile + WIDE * form.header, *high = low + form.inputs * WIDE * form.low / 8;
    for (size_t k = 0; k < form.inputs; k++) {
      put(low + k * WIDE * form.low / 8, form.low, j, codes[k] & below);
      if (form.high) put(high + k * WIDE * form.high / 8, form.high, j, codes[k] >> form.low);
    }
  }
}

typedef uint8_t bytes16 __attribute__((vector_size(16), aligned(1)));
typedef uint16_t halves16 __attribute__((vector_size(32), aligned(2)));
typedef int32_t ints16 __attribute__((vector_size(64)));
typedef uint32_t words16 __attribute__((vector_size(64)));
typedef float floats16 __attribute__((vector_size(64), aligned(4)));

#define INLINE __attribute__((always_inline)) static inline

static const words16 steps2 = {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30};
static const words16 steps1 = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/// Bits of 16 outputs, the `half`th of 32, at one input's row of a plane.
INLINE void bits_at(const int bits, const uint8_t *row, const int half, words16 *codes) {
  if (bits == 8) {
    *codes = __builtin_convertvector(*(const bytes16 *)(row + 16 * half), words16);
  } else if (bits == 4) {
    const bytes16 pairs = *(const bytes16 *)row;
    *codes = __builtin_convertvector(half ? pairs >> 4 : pairs & 15, words16);
  } else {
    uint32_t word;
    memcpy(&word, bits == 2 ? row + 4 * half : row, sizeof word);
    *codes = bits == 2 ? (((words16){0} + word) >> steps2) & 3
                       : (((words16){0} + (word >> 16 * half)) >> steps1) & 1;
  }
}

/// The scales of 32 outputs in one group of a tile, and what is added to a product.
typedef struct {
  float scale[WIDE], offset[WIDE];
} group_scales;

/// Scale and minimum of a sub-block of 32 in Q4_K and Q5_K, as `dequantise_k.c` has them.
INLINE void sub_block(const uint8_t *header, const int number, float *scale, float *offset) {
  const uint8_t *packed = header + 4;
  const int s = number < 4 ? packed[number] & 63
                           : (packed[number + 4] & 15) | (packed[number - 4] >> 6) << 4;
  const int m = number < 4 ? packed[number + 4] & 63
                           : packed[number + 4] >> 4 | (packed[number] >> 6) << 4;
  *scale = half_at(header) * (float)s;
  *offset = -(half_at(header + 2) * (float)m);
}

INLINE void scales_of(const ck_format format, const uint8_t *tile, const int group,
                      group_scales *to) {
  for (int j = 0; j < WIDE; j++) {
    switch (format) {
      case CK_Q8_0:
      case CK_Q4_0:
      case CK_Q5_0:
      case CK_IQ4_NL: to->scale[j] = half_at(tile + 2 * j); break;
      case CK_Q4_1:
      case CK_Q5_1:
        to->scale[j] = half_at(tile + 2 * j);
        to->offset[j] = half_at(tile + 2 * WIDE + 2 * j);
        break;
      case CK_MXFP4: {
        const uint32_t exponent = tile[j];
        to->scale[j] = float_of_bits(exponent < 2 ? 0x00200000u << exponent : (exponent - 1) << 23);
        break;
      }
      case CK_Q2_K: {
        const uint8_t *header = tile + 20 * j;
        to->scale[j] = half_at(header + 16) * (float)(header[group] & 15);
        to->offset[j] = -(half_at(header + 18) * (float)(header[group] >> 4));
        break;
      }
      case CK_Q3_K: {
        const uint8_t *header = tile + 14 * j;
        const int low = header[group % 8] >> (group / 8 * 4) & 15;
        const int high = header[8 + group % 4] >> (group / 4 * 2) & 3;
        to->scale[j] = half_at(header + 12) * (float)((low | high << 4) - 32);
        break;
      }
      case CK_Q4_K:
      case CK_Q5_K: sub_block(tile + 16 * j, group, &to->scale[j], &to->offset[j]); break;
      case CK_Q6_K: {
        const uint8_t *header = tile + 18 * j;
        to->scale[j] = half_at(header + 16) * (float)(int8_t)header[group];
        break;
      }
      case CK_F16:
      case CK_BF16: break;
    }
  }
}

static const float near_zero[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                    1,    13,   25,  38,  53,  69,  89,  113};
// Twice the values of E2M1: the scale is half of what it says.
static const float e2m1[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

/// What codes stand for, before their scale.
INLINE void elements_of(const ck_format format, const words16 *codes, floats16 *values) {
  const ints16 signed_codes = (ints16)*codes;
  switch (format) {
    case CK_Q8_0: *values = __builtin_convertvector(signed_codes << 24 >> 24, floats16); break;
    case CK_Q4_0: *values = __builtin_convertvector(signed_codes - 8, floats16); break;
    case CK_Q5_0: *values = __builtin_convertvector(signed_codes - 16, floats16); break;
    case CK_Q3_K: *values = __builtin_convertvector(signed_codes - 4, floats16); break;
    case CK_Q6_K: *values = __builtin_convertvector(signed_codes - 32, floats16); break;
    case CK_IQ4_NL:
    case CK_MXFP4: {
      const float *table = format == CK_MXFP4 ? e2m1 : near_zero;
      for (int i = 0; i < 16; i++) (*values)[i] = table[signed_codes[i]];
      break;
    }
    default: *values = __builtin_convertvector(signed_codes, floats16);
  }
}

INLINE void floats_of_halves(const uint8_t *halves, floats16 *values) {
  const words16 half = __builtin_convertvector(*(const halves16 *)halves, words16);
  const words16 magnitude = (half & 0x7FFF) << 13;
  // As `float_of_half`, lane by lane.
  const floats16 smallest_normal = (floats16)((words16){0} + (113u << 23));
  const words16 subnormal =
      (words16)((floats16)(magnitude + (113u << 23)) - smallest_normal);
  const words16 is_small = (words16)(magnitude < (1u << 23));
  const words16 is_special = (words16)(magnitude >= (31u << 23));
  const words16 bits = (is_small & subnormal) | (~is_small & (magnitude + (112u << 23))) |
                       (is_special & (255u << 23));
  *values = (floats16)(bits | (half & 0x8000) << 16);
}

/// Inputs `from ..< from + count` of a panel, in whole groups: as floats at `to` where `rows` is 0,
/// else times those of so many rows of x, into [rows][CK_PANEL] at `to`, in the order of the inputs.
// Products of a scale and an element are exact, so a fused multiply-add rounds as two steps do.
INLINE void go_through(const ck_format format, const int rows, const uint8_t *panel, size_t from,
                       size_t count, const float *x, size_t x_stride, float *to) {
  const block_form form = forms[format];
  const int is_half = form.inputs == 1;
  const int group_inputs = is_half ? 1
                           : format == CK_Q2_K || format == CK_Q3_K || format == CK_Q6_K ? 16
                                                                                         : 32;
  const int has_offset = format == CK_Q4_1 || format == CK_Q5_1 || format == CK_Q2_K ||
                         format == CK_Q4_K || format == CK_Q5_K;
  group_scales scales;
  floats16 scale[2], offset[2], sum[4][2];
  for (int i = 0; i < rows; i++) sum[i][0] = sum[i][1] = (floats16){0};
  for (size_t k = from; k < from + count; k += group_inputs) {
    const uint8_t *tile = panel + k / form.inputs * tile_bytes(&form);
    const size_t within = k % form.inputs;
    const uint8_t *planes = tile + WIDE * form.header;
    const uint8_t *low = planes + within * WIDE * form.low / 8;
    const uint8_t *high = planes + (form.inputs * form.low + within * form.high) * WIDE / 8;
    if (!is_half) {
      scales_of(format, tile, (int)within / group_inputs, &scales);
      for (int half = 0; half < 2; half++) {
        scale[half] = *(const floats16 *)(scales.scale + 16 * half);
        if (has_offset) offset[half] = *(const floats16 *)(scales.offset + 16 * half);
      }
    }
    for (int j = 0; j < group_inputs; j++) {
      floats16 values[2];
      for (int half = 0; half < 2; half++) {
        if (format == CK_F16) {
          floats_of_halves(low + 32 * half, &values[half]);
        } else if (format == CK_BF16) {
          values[half] = (floats16)(
              __builtin_convertvector(*(const halves16 *)(low + 32 * half), words16) << 16);
        } else {
          words16 codes, above;
          bits_at(form.low, low, half, &codes);
          if (form.high) {
            bits_at(form.high, high, half, &above);
            codes |= above << form.low;
          }
          elements_of(format, &codes, &values[half]);
          values[half] = values[half] * scale[half];
          if (has_offset) values[half] = values[half] + offset[half];
        }
      }
      if (rows == 0) {
        *(floats16 *)to = values[0];
        *(floats16 *)(to + 16) = values[1];
        to += WIDE;
      }
      for (int i = 0; i < rows; i++) {
        const floats16 xi = (floats16){0} + x[i * x_stride + k + j];
        sum[i][0] = __builtin_elementwise_fma(xi, values[0], sum[i][0]);
        sum[i][1] = __builtin_elementwise_fma(xi, values[1], sum[i][1]);
      }
      low += WIDE * form.low / 8;
      high += WIDE * form.high / 8;
    }
  }
  for (int i = 0; i < rows; i++) {
    *(floats16 *)(to + i * WIDE) = sum[i][0];
    *(floats16 *)(to + i * WIDE + 16) = sum[i][1];
  }
}

typedef void (*passage)(const uint8_t *, size_t, size_t, const float *, size_t, float *);

#define PASSAGE(FORMAT, ROWS, KIND)                                                               \
  KIND static void pass_##FORMAT##_##ROWS(const uint8_t *panel, size_t from, size_t count,        \
                                          const float *x, size_t x_stride, float *to) {           \
    go_through(CK_##FORMAT, ROWS, panel, from, count, x, x_stride, to);                           \
  }
#define PASSAGES(FORMAT, KIND)                                                                    \
  PASSAGE(FORMAT, 0, KIND) PASSAGE(FORMAT, 1, KIND) PASSAGE(FORMAT, 2, KIND)                      \
  PASSAGE(FORMAT, 3, KIND) PASSAGE(FORMAT, 4, KIND)
PASSAGES(F16, CLONES) PASSAGES(BF16, CLONES) PASSAGES(Q8_0, CLONES) PASSAGES(Q4_0, CLONES)
PASSAGES(Q4_1, CLONES) PASSAGES(Q5_0, CLONES) PASSAGES(Q5_1, CLONES) PASSAGES(IQ4_NL, CLONES)
PASSAGE(MXFP4, 0, APART) PASSAGES(Q2_K, CLONES) PASSAGES(Q3_K, CLONES) PASSAGES(Q4_K, CLONES)
PASSAGES(Q5_K, CLONES) PASSAGES(Q6_K, CLONES)

#define ENTRY(FORMAT)                                                                             \
  [CK_##FORMAT] = {pass_##FORMAT##_0, pass_##FORMAT##_1, pass_##FORMAT##_2, pass_##FORMAT##_3,    \
                   pass_##FORMAT##_4}
static const passage passages[][5] = {
    ENTRY(F16),  ENTRY(BF16), ENTRY(Q8_0), ENTRY(Q4_0), ENTRY(Q4_1), ENTRY(Q5_0), ENTRY(Q5_1),
    ENTRY(IQ4_NL), [CK_MXFP4] = {pass_MXFP4_0}, ENTRY(Q2_K), ENTRY(Q3_K), ENTRY(Q4_K), ENTRY(Q5_K), ENTRY(Q6_K),
};

void ck_decode_panel(ck_format format, const void *panel, size_t from, size_t count, float *to) {
  if (format != CK_MXFP4) return passages[format][0](panel, from, count, NULL, 0, to);
  // The smallest scales are denormals.
  const unsigned long before = keep_denormals();
  passages[format][0](panel, from, count, NULL, 0, to);
  restore_denormals(before);
}

int ck_multiply_few(ck_format format, size_t rows, const void *panel, size_t inputs, const float *x,
                    size_t x_stride, float *to) {
  if (rows < 1 || rows > 4 || format == CK_MXFP4) return 0;
  passages[format][rows](panel, 0, inputs, x, x_stride, to);
  return 1;
}

void ck_decode_row(ck_format format, const void *panels, size_t inputs, size_t output, float *row) {
  enum { INPUTS = 64 };
  float part[INPUTS * WIDE];
  const uint8_t *panel = (const uint8_t *)panels + output / WIDE * panel_bytes(&forms[format], inputs);
  for (size_t k = 0; k < inputs; k += INPUTS) {
    const size_t count = inputs - k < INPUTS ? inputs - k : INPUTS;
    ck_decode_panel(format, panel, k, count, part);
    for (size_t i = 0; i < count; i++) row[k + i] = part[i * WIDE + output % WIDE];
  }
}
