#pragma once

#include <stddef.h>
#include <stdint.h>

/// Puts the first bytes of all `count` elements of `size` bytes first, then the second, and so on:
/// the byte shuffle of Blosc. The two buffers do not overlap.
void bytes_shuffle(uint8_t *target, const uint8_t *source, size_t count, size_t size);

/// Undoes `bytes_shuffle`.
void bytes_unshuffle(uint8_t *target, const uint8_t *source, size_t count, size_t size);

/// The Castagnoli CRC of 32 bits (RFC 3720, appendix B.4), continued from `crc`; 0 begins one. By
/// the processor's instruction where it has one.
uint32_t crc32c_update(uint32_t crc, const void *bytes, size_t count);

/// The same by tables, as processors without the instruction compute it.
uint32_t crc32c_update_portable(uint32_t crc, const void *bytes, size_t count);

/// Floats at `bits` bits of mantissa (1 to 22), to nearest, ties to even. What is not finite stays,
/// and what would become infinite is cut.
void mantissa_round(float *target, const float *source, size_t count, int bits);
