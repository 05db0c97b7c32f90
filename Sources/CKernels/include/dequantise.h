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

/// Blocks of 22 bytes, 32 elements: half `d`, 4 bytes of fifth bits, nibbles as in Q4_0;
/// `d · (q − 16)`.
void dequantise_q5_0(const void *source, size_t blocks, float *values);

/// Blocks of 24 bytes, 32 elements: halves `d` and `m`, fifth bits, nibbles; `d · q + m`.
void dequantise_q5_1(const void *source, size_t blocks, float *values);

/// Blocks of 18 bytes, 32 elements: half `d`, nibbles `q` as in Q4_0; `d` times the value at `q` in
/// a table of 16, which lie closer around zero.
void dequantise_iq4_nl(const void *source, size_t blocks, float *values);

/// Blocks of 17 bytes, 32 elements: an exponent `e` (E8M0), nibbles of E2M1 as in Q4_0;
/// `2^(e − 127)` times the value, 0.5 to 6 or zero. OCP Microscaling Formats 1.0, where an `e` of
/// 255 is no number; here it is `2^128` halved, as ggml has it.
void dequantise_mxfp4(const void *source, size_t blocks, float *values);

// The K types: blocks of 256 elements, with quantised scales of their sub-blocks.

/// Blocks of 84 bytes: 16 bytes of scale `s` and minimum `n` (nibbles, a pair for each 16 elements),
/// 64 bytes of 2 bits `q`, halves `d` and `m`; `d · s · q − m · n`.
void dequantise_q2_k(const void *source, size_t blocks, float *values);

/// Blocks of 110 bytes: 32 bytes of third bits, 64 bytes of 2 bits, 12 bytes of scales `s` of 6
/// bits (of each 16 elements), half `d`; `d · (s − 32) · (q − 4)`.
void dequantise_q3_k(const void *source, size_t blocks, float *values);

/// Blocks of 144 bytes: halves `d` and `m`, 12 bytes of scales `s` and minima `n` of 6 bits (of each
/// 32 elements), 128 bytes of nibbles `q`; `d · s · q − m · n`.
void dequantise_q4_k(const void *source, size_t blocks, float *values);

/// Blocks of 176 bytes: as in Q4_K, with 32 bytes of fifth bits before the nibbles.
void dequantise_q5_k(const void *source, size_t blocks, float *values);

/// Blocks of 210 bytes: 128 bytes of nibbles, 64 bytes of 2 upper bits, 16 signed scales `s` (of
/// each 16 elements), half `d`; `d · s · (q − 32)`.
void dequantise_q6_k(const void *source, size_t blocks, float *values);
