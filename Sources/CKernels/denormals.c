#include "denormals.h"

#if defined(__x86_64__)
#include <immintrin.h>

// Flush to zero, and denormals are zero.
enum { flushing = 0x8040 };

void flush_denormals(void) { _mm_setcsr(_mm_getcsr() | flushing); }

int flushes_denormals(void) { return (_mm_getcsr() & flushing) == flushing; }

#elif defined(__aarch64__)
#include <stdint.h>

// FZ, for operands and results.
static const uint64_t flushing = 1ull << 24;

static uint64_t control(void) {
  uint64_t value;
  __asm__ volatile("mrs %0, fpcr" : "=r"(value));
  return value;
}

void flush_denormals(void) { __asm__ volatile("msr fpcr, %0" : : "r"(control() | flushing)); }

int flushes_denormals(void) { return (control() & flushing) != 0; }

#else

void flush_denormals(void) {}

int flushes_denormals(void) { return 0; }

#endif

__attribute__((constructor)) static void flush_from_the_start(void) { flush_denormals(); }
