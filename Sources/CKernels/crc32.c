#include "crc32.h"

#include "crc_tables.h"

static crc_tables table;

// Filled when the program is loaded, so that threads only ever read it.
__attribute__((constructor)) static void fill_table(void) { crc_fill(table, 0xEDB88320u); }

uint32_t crc32_update(uint32_t crc, const void *bytes, size_t count) {
  return crc_update(table, crc, bytes, count);
}
