#include "clones.h"
#include "dequantise.h"
#include "halves.h"

// Blocks of 256 elements. Products of a scale, its sub-block's and an element have 24 bits or less,
// so they are exact, and a fused multiply-add rounds as the two steps do.

enum { BLOCK = 256 };

/// 32 elements as bytes, times a scale for each half of them, less a minimum. Apart from the
/// unpacking, since a loop over both becomes vectors of four, at a sixth of the speed.
static inline void scaled(const int8_t *restrict elements, const float scales[2],
                          const float minima[2], float *restrict out) {
  for (int i = 0; i < 32; i++) out[i] = scales[i / 16] * (float)elements[i] - minima[i / 16];
}

CLONES void dequantise_q2_k(const void *source, size_t blocks, float *restrict values) {
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 84, values += BLOCK) {
    const float d = half_at(block + 80);
    const float m = half_at(block + 82);
    for (int part = 0; part < 8; part++) {
      // Four parts share 32 bytes, two bits each.
      const uint8_t *q = block + 16 + part / 4 * 32;
      const int shift = part % 4 * 2;
      int8_t elements[32];
      for (int i = 0; i < 32; i++) elements[i] = (int8_t)(q[i] >> shift & 3);
      const uint8_t *packed = block + part * 2;
      const float scales[2] = {d * (float)(packed[0] & 15), d * (float)(packed[1] & 15)};
      const float minima[2] = {m * (float)(packed[0] >> 4), m * (float)(packed[1] >> 4)};
      scaled(elements, scales, minima, values + part * 32);
    }
  }
}

static inline int q3_k_scale(const uint8_t *packed, int group) {
  const int low = packed[group % 8] >> (group / 8 * 4) & 15;
  const int high = packed[8 + group % 4] >> (group / 4 * 2) & 3;
  return (low | high << 4) - 32;
}

CLONES void dequantise_q3_k(const void *source, size_t blocks, float *restrict values) {
  static const float none[2] = {0, 0};
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 110, values += BLOCK) {
    const uint8_t *packed = block + 96;
    const float d = half_at(block + 108);
    for (int part = 0; part < 8; part++) {
      const uint8_t *q = block + 32 + part / 4 * 32;
      const int shift = part % 4 * 2;
      int8_t elements[32];
      // The third bit is inverted: where it is not set, four is taken away.
      for (int i = 0; i < 32; i++)
        elements[i] = (int8_t)((q[i] >> shift & 3) + (block[i] >> part & 1) * 4 - 4);
      const float scales[2] = {d * (float)q3_k_scale(packed, part * 2),
                               d * (float)q3_k_scale(packed, part * 2 + 1)};
      scaled(elements, scales, none, values + part * 32);
    }
  }
}

typedef struct {
  float scale, minimum;
} sub_block;

/// Scale and minimum of a sub-block of 32 in Q4_K and Q5_K: those of the first four have 6 bits of
/// a byte each, whose other 2 bits are the upper ones of the last four.
static inline sub_block sub_block_at(const uint8_t *block, int number) {
  const float d = half_at(block);
  const float m = half_at(block + 2);
  const uint8_t *packed = block + 4;
  int scale, minimum;
  if (number < 4) {
    scale = packed[number] & 63;
    minimum = packed[number + 4] & 63;
  } else {
    scale = (packed[number + 4] & 15) | (packed[number - 4] >> 6) << 4;
    minimum = packed[number + 4] >> 4 | (packed[number] >> 6) << 4;
  }
  return (sub_block){d * (float)scale, m * (float)minimum};
}

CLONES void dequantise_q4_k(const void *source, size_t blocks, float *restrict values) {
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 144, values += BLOCK) {
    for (int number = 0; number < 8; number++) {
      const sub_block sub = sub_block_at(block, number);
      const uint8_t *q = block + 16 + number / 2 * 32;
      const int shift = number % 2 * 4;
      float *restrict out = values + number * 32;
      for (int i = 0; i < 32; i++)
        out[i] = sub.scale * (float)(q[i] >> shift & 15) - sub.minimum;
    }
  }
}

CLONES void dequantise_q5_k(const void *source, size_t blocks, float *restrict values) {
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 176, values += BLOCK) {
    const uint8_t *high = block + 16;
    for (int number = 0; number < 8; number++) {
      const sub_block sub = sub_block_at(block, number);
      const uint8_t *q = block + 48 + number / 2 * 32;
      const int shift = number % 2 * 4;
      float *restrict out = values + number * 32;
      for (int i = 0; i < 32; i++) {
        const int element = (q[i] >> shift & 15) | (high[i] >> number & 1) << 4;
        out[i] = sub.scale * (float)element - sub.minimum;
      }
    }
  }
}

CLONES void dequantise_q6_k(const void *source, size_t blocks, float *restrict values) {
  static const float none[2] = {0, 0};
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 210, values += BLOCK) {
    const int8_t *packed = (const int8_t *)(block + 192);
    const float d = half_at(block + 208);
    for (int part = 0; part < 8; part++) {
      // Of each half of the block, elements 0 to 63 are the low nibbles and 64 to 127 the high ones.
      const uint8_t *low = block + part / 4 * 64 + part % 2 * 32;
      const uint8_t *high = block + 128 + part / 4 * 32;
      const int low_shift = part / 2 % 2 * 4, high_shift = part % 4 * 2;
      int8_t elements[32];
      for (int i = 0; i < 32; i++)
        elements[i] =
            (int8_t)(((low[i] >> low_shift & 15) | (high[i] >> high_shift & 3) << 4) - 32);
      const float scales[2] = {d * (float)packed[part * 2], d * (float)packed[part * 2 + 1]};
      scaled(elements, scales, none, values + part * 32);
    }
  }
}
