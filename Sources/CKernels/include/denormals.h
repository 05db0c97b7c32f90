#pragma once

/// Makes the calling thread, and threads that it will start, take numbers too small for a full mantissa
/// (below 1.2e-38 in single precision) as zero: each of them costs a hundred cycles in a product.
///
/// The program does so before `main`, so that all threads that it or a library starts later compute alike,
/// with the same bits on any of them.
void flush_denormals(void);

/// Whether the calling thread does.
int flushes_denormals(void);
