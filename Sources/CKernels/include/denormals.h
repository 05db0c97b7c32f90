#pragma once

/// Makes the calling thread, and threads that it will start, take numbers too small for a full mantissa
/// (below 1.2e-38 in single precision) as zero: each of them costs a hundred cycles in a product.
///
/// The program does so before `main`, so that all threads that it or a library starts later compute alike,
/// with the same bits on any of them.
void flush_denormals(void);

/// Makes the calling thread keep such numbers, for what is to have the very bits of a file.
///
/// - Returns: What `restore_denormals` takes to undo it.
unsigned long keep_denormals(void);

/// Undoes `keep_denormals` of the same thread.
void restore_denormals(unsigned long before);
