#include "bytes.h"

#include <string.h>

#include "clones.h"
#include "crc_tables.h"

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

CLONES static void shuffle4(uint8_t *restrict target, const uint8_t *restrict source, size_t n) {
  for (size_t i = 0; i < n; i++) {
    target[i] = source[4 * i];
    target[n + i] = source[4 * i + 1];
    target[2 * n + i] = source[4 * i + 2];
    target[3 * n + i] = source[4 * i + 3];
  }
}

CLONES static void unshuffle4(uint8_t *restrict target, const uint8_t *restrict source, size_t n) {
  for (size_t i = 0; i < n; i++) {
    target[4 * i] = source[i];
    target[4 * i + 1] = source[n + i];
    target[4 * i + 2] = source[2 * n + i];
    target[4 * i + 3] = source[3 * n + i];
  }
}

// Other sizes in blocks that the first cache holds, so that each line is fetched once.
enum { BLOCK = 1024 };

static void shuffle(uint8_t *restrict target, const uint8_t *restrict source, size_t count,
                    size_t size) {
  for (size_t from = 0; from < count; from += BLOCK) {
    size_t to = from + BLOCK < count ? from + BLOCK : count;
    for (size_t byte = 0; byte < size; byte++)
      for (size_t i = from; i < to; i++) target[byte * count + i] = source[i * size + byte];
  }
}

static void unshuffle(uint8_t *restrict target, const uint8_t *restrict source, size_t count,
                      size_t size) {
  for (size_t from = 0; from < count; from += BLOCK) {
    size_t to = from + BLOCK < count ? from + BLOCK : count;
    for (size_t byte = 0; byte < size; byte++)
      for (size_t i = from; i < to; i++) target[i * size + byte] = source[byte * count + i];
  }
}

void bytes_shuffle(uint8_t *target, const uint8_t *source, size_t count, size_t size) {
  switch (size) {
    case 1: memcpy(target, source, count); break;
    case 4: shuffle4(target, source, count); break;
    case 8: shuffle(target, source, count, 8); break;
    default: shuffle(target, source, count, size);
  }
}

void bytes_unshuffle(uint8_t *target, const uint8_t *source, size_t count, size_t size) {
  switch (size) {
    case 1: memcpy(target, source, count); break;
    case 4: unshuffle4(target, source, count); break;
    case 8: unshuffle(target, source, count, 8); break;
    default: unshuffle(target, source, count, size);
  }
}

static crc_tables table;

// Filled when the program is loaded, so that threads only ever read it.
__attribute__((constructor)) static void fill_table(void) { crc_fill(table, 0x82F63B78u); }

uint32_t crc32c_update_portable(uint32_t crc, const void *bytes, size_t count) {
  return crc_update(table, crc, bytes, count);
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t by_instruction(uint32_t crc, const void *bytes,
                                                                 size_t count) {
  const uint8_t *next = bytes;
  uint64_t wide = (uint32_t)~crc;
  for (; count >= 8; count -= 8, next += 8) {
    uint64_t word;
    memcpy(&word, next, 8);
    wide = __builtin_ia32_crc32di(wide, word);
  }
  uint32_t narrow = (uint32_t)wide;
  while (count-- > 0) narrow = __builtin_ia32_crc32qi(narrow, *next++);
  return ~narrow;
}

static int has_instruction(void) { return __builtin_cpu_supports("sse4.2"); }
#elif defined(__aarch64__) && defined(__linux__)
__attribute__((target("crc"))) static uint32_t by_instruction(uint32_t crc, const void *bytes,
                                                              size_t count) {
  const uint8_t *next = bytes;
  crc = ~crc;
  for (; count >= 8; count -= 8, next += 8) {
    uint64_t word;
    memcpy(&word, next, 8);
    crc = __builtin_arm_crc32cd(crc, word);
  }
  while (count-- > 0) crc = __builtin_arm_crc32cb(crc, *next++);
  return ~crc;
}

static int has_instruction(void) { return (getauxval(AT_HWCAP) & (1UL << 7)) != 0; }
#else
static uint32_t by_instruction(uint32_t crc, const void *bytes, size_t count) {
  return crc32c_update_portable(crc, bytes, count);
}

static int has_instruction(void) { return 0; }
#endif

uint32_t crc32c_update(uint32_t crc, const void *bytes, size_t count) {
  return has_instruction() ? by_instruction(crc, bytes, count)
                           : crc32c_update_portable(crc, bytes, count);
}

CLONES void mantissa_round(float *target, const float *source, size_t count, int bits) {
  const int dropped = 23 - bits;
  const uint32_t mask = ~((1u << dropped) - 1), below_half = (1u << (dropped - 1)) - 1;
  const uint32_t infinity = 0x7F800000u, magnitude = 0x7FFFFFFFu;
  for (size_t i = 0; i < count; i++) {
    uint32_t pattern;
    memcpy(&pattern, source + i, 4);
    uint32_t rounded = (pattern + below_half + ((pattern >> dropped) & 1)) & mask;
    rounded = (rounded & magnitude) >= infinity ? pattern & mask : rounded;
    rounded = (pattern & magnitude) >= infinity ? pattern : rounded;
    memcpy(target + i, &rounded, 4);
  }
}
