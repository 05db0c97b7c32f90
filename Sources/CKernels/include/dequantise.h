#pragma once

#include <stddef.h>
#include <stdint.h>

// Stored weights to float32. Sources may lie at any address; `values` holds one float an element.
// The results have the bits of the `gguf` Python package 0.19 (NumPy arithmetic in float32).

/// IEEE half precision, exactly; a NaN keeps its payload.
void dequantise_f16(const void *source, size_t count, float *values);

/// bfloat16, the upper half of a float32, exactly.
void dequantise_bf16(const void *source, size_t count, float *values);

/// Double precision, to the nearest float (ties to even); infinite past its range.
void dequantise_f64(const void *source, size_t count, float *values);

/// Blocks of 34 bytes, 32 elements: half `d`, 32 signed bytes `q`; the value is `d · q`.
void dequantise_q8_0(const void *source, size_t blocks, float *values);

/// Blocks of 18 bytes, 32 elements: half `d`, 16 bytes of two nibbles `q`; `d · (q − 8)`.
/// The low nibbles are elements 0 to 15, the high ones 16 to 31.
void dequantise_q4_0(const void *source, size_t blocks, float *values);

/// Blocks of 20 bytes, 32 elements: halves `d` and `m`, nibbles `q` as in Q4_0; `d · q + m`.
void dequantise_q4_1(const void *source, size_t blocks, float *values);
