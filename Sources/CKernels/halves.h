#pragma once

#include <stdint.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "model files are little-endian and are read without swapping"
#endif

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
