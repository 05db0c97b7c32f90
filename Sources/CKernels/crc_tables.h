#ifndef CRC_TABLES_H
#define CRC_TABLES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Eight bytes a step, after Kounavis and Berry, 2005: table[k][b] is the CRC of b and k zeros.
typedef uint32_t crc_tables[8][256];

// Of a polynomial whose bits are in reverse order.
static inline void crc_fill(crc_tables table, uint32_t polynomial) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (polynomial & (0u - (crc & 1)));
    table[0][byte] = crc;
  }
  for (int zeros = 1; zeros < 8; zeros++)
    for (int byte = 0; byte < 256; byte++) {
      uint32_t crc = table[zeros - 1][byte];
      table[zeros][byte] = (crc >> 8) ^ table[0][crc & 0xFF];
    }
}

static inline uint32_t crc_update(uint32_t (*table)[256], uint32_t crc, const void *bytes,
                                  size_t count) {
  const uint8_t *next = bytes;
  crc = ~crc;
  for (; count >= 8; count -= 8, next += 8) {
    uint32_t low, high;
    memcpy(&low, next, 4);
    memcpy(&high, next + 4, 4);
    low ^= crc;
    crc = table[7][low & 0xFF] ^ table[6][(low >> 8) & 0xFF] ^ table[5][(low >> 16) & 0xFF] ^
          table[4][low >> 24] ^ table[3][high & 0xFF] ^ table[2][(high >> 8) & 0xFF] ^
          table[1][(high >> 16) & 0xFF] ^ table[0][high >> 24];
  }
  while (count-- > 0) crc = (crc >> 8) ^ table[0][(crc ^ *next++) & 0xFF];
  return ~crc;
}

#endif
