#include "dequantise.h"

#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "model files are little-endian and are read without swapping"
#endif

#include "clones.h"

#define BLOCK 32

static inline float float_of_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline uint32_t bits_of_float(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/// Without branches, so that loops over it become vector code, and without subnormal floats, so
/// that it is right when the processor flushes those to zero.
static inline float float_of_half(uint16_t half) {
  const uint32_t magnitude = (uint32_t)(half & 0x7FFF) << 13;
  const uint32_t smallest_normal = 113u << 23;  // 2^-14, where half precision turns subnormal
  const uint32_t subnormal =
      bits_of_float(float_of_bits(magnitude + smallest_normal) - float_of_bits(smallest_normal));
  const uint32_t normal = magnitude + (112u << 23);
  const uint32_t special = magnitude | (255u << 23);
  uint32_t bits = magnitude < (1u << 23) ? subnormal : normal;
  bits = magnitude >= (31u << 23) ? special : bits;
  return float_of_bits(bits | (uint32_t)(half & 0x8000) << 16);
}

static inline float half_at(const uint8_t *place) {
  uint16_t half;
  memcpy(&half, place, sizeof half);
  return float_of_half(half);
}

CLONES void dequantise_f16(const void *source, size_t count, float *restrict values) {
  const uint8_t *bytes = source;
  for (size_t i = 0; i < count; i++) values[i] = half_at(bytes + 2 * i);
}

CLONES void dequantise_bf16(const void *source, size_t count, float *restrict values) {
  const uint8_t *bytes = source;
  for (size_t i = 0; i < count; i++) {
    uint16_t upper;
    memcpy(&upper, bytes + 2 * i, sizeof upper);
    values[i] = float_of_bits((uint32_t)upper << 16);
  }
}

CLONES void dequantise_f64(const void *source, size_t count, float *restrict values) {
  const uint8_t *bytes = source;
  for (size_t i = 0; i < count; i++) {
    double value;
    memcpy(&value, bytes + 8 * i, sizeof value);
    values[i] = (float)value;
  }
}

CLONES void dequantise_q8_0(const void *source, size_t blocks, float *restrict values) {
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 2 + BLOCK, values += BLOCK) {
    const float d = half_at(block);
    const int8_t *q = (const int8_t *)(block + 2);
    for (int i = 0; i < BLOCK; i++) values[i] = d * (float)q[i];
  }
}

CLONES void dequantise_q4_0(const void *source, size_t blocks, float *restrict values) {
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 2 + BLOCK / 2, values += BLOCK) {
    const float d = half_at(block);
    const uint8_t *q = block + 2;
    for (int i = 0; i < BLOCK / 2; i++) {
      values[i] = d * (float)((q[i] & 15) - 8);
      values[i + BLOCK / 2] = d * (float)((q[i] >> 4) - 8);
    }
  }
}

// `d · q` is exact (11 bits times 4), so a fused multiply-add rounds as the two steps do.
CLONES void dequantise_q4_1(const void *source, size_t blocks, float *restrict values) {
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 4 + BLOCK / 2, values += BLOCK) {
    const float d = half_at(block);
    const float m = half_at(block + 2);
    const uint8_t *q = block + 4;
    for (int i = 0; i < BLOCK / 2; i++) {
      values[i] = d * (float)(q[i] & 15) + m;
      values[i + BLOCK / 2] = d * (float)(q[i] >> 4) + m;
    }
  }
}
