#include "dequantise.h"

#include "clones.h"
#include "denormals.h"
#include "halves.h"

#define BLOCK 32

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

APART static void narrow(
    const void *source, size_t count, float *restrict values) {
  const uint8_t *bytes = source;
  for (size_t i = 0; i < count; i++) {
    double value;
    memcpy(&value, bytes + 8 * i, sizeof value);
    values[i] = (float)value;
  }
}

void dequantise_f64(const void *source, size_t count, float *restrict values) {
  const unsigned long before = keep_denormals();
  narrow(source, count, values);
  restore_denormals(before);
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

// The fifth bits of the 32 elements stand together, in the order of the elements.
static inline int fifth_bit(uint32_t bits, int element) {
  return (int)(bits >> element & 1) << 4;
}

static inline uint32_t word_at(const uint8_t *place) {
  uint32_t word;
  memcpy(&word, place, sizeof word);
  return word;
}

CLONES void dequantise_q5_0(const void *source, size_t blocks, float *restrict values) {
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 6 + BLOCK / 2, values += BLOCK) {
    const float d = half_at(block);
    const uint32_t high = word_at(block + 2);
    const uint8_t *q = block + 6;
    for (int i = 0; i < BLOCK / 2; i++) {
      values[i] = d * (float)(((q[i] & 15) | fifth_bit(high, i)) - 16);
      values[i + BLOCK / 2] = d * (float)(((q[i] >> 4) | fifth_bit(high, i + BLOCK / 2)) - 16);
    }
  }
}

CLONES void dequantise_q5_1(const void *source, size_t blocks, float *restrict values) {
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 8 + BLOCK / 2, values += BLOCK) {
    const float d = half_at(block);
    const float m = half_at(block + 2);
    const uint32_t high = word_at(block + 4);
    const uint8_t *q = block + 8;
    for (int i = 0; i < BLOCK / 2; i++) {
      values[i] = d * (float)((q[i] & 15) | fifth_bit(high, i)) + m;
      values[i + BLOCK / 2] = d * (float)((q[i] >> 4) | fifth_bit(high, i + BLOCK / 2)) + m;
    }
  }
}

// Blocks of a scale and 32 nibbles, each the place of its value in a table.
static inline void by_table(const float *table, float d, const uint8_t *restrict q,
                            float *restrict values) {
  for (int i = 0; i < BLOCK / 2; i++) {
    values[i] = d * table[q[i] & 15];
    values[i + BLOCK / 2] = d * table[q[i] >> 4];
  }
}

CLONES void dequantise_iq4_nl(const void *source, size_t blocks, float *restrict values) {
  static const float table[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                  1,    13,   25,  38,  53,  69,  89,  113};
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 2 + BLOCK / 2, values += BLOCK)
    by_table(table, half_at(block), block + 2, values);
}

APART static void scale_mxfp4(
    const void *source, size_t blocks, float *restrict values) {
  // Twice the values of E2M1, and the scale is half of what it says: the products are the same.
  static const float table[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 1 + BLOCK / 2, values += BLOCK) {
    const uint32_t exponent = block[0];
    const float d = float_of_bits(exponent < 2 ? 0x00200000u << exponent : (exponent - 1) << 23);
    by_table(table, d, block + 1, values);
  }
}

// The smallest scales make denormals.
void dequantise_mxfp4(const void *source, size_t blocks, float *restrict values) {
  const unsigned long before = keep_denormals();
  scale_mxfp4(source, blocks, values);
  restore_denormals(before);
}
