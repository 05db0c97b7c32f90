#pragma once

#include <stddef.h>
#include <stdint.h>

/// CRC-32 of zip archives (polynomial 0x04C11DB7, reflected), continued from `crc`; 0 begins one.
uint32_t crc32_update(uint32_t crc, const void *bytes, size_t count);
