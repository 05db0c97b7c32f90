#include "denormals.h"

#if defined(__x86_64__)
#include <immintrin.h>

// Flush to zero, and denormals are zero.
enum { flushing = 0x8040 };

void flush_denormals(void) { _mm_setcsr(_mm_getcsr() | flushing); }

unsigned long keep_denormals(void) {
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before & ~(unsigned)flushing);
  return before;
}

void restore_denormals(unsigned long before) { _mm_setcsr((unsigned)before); }

#elif defined(__aarch64__)
#include <stdint.h>

// FZ, for operands and results.
static const uint64_t flushing = 1ull << 24;

static uint64_t control(void) {
  uint64_t value;
  __asm__ volatile("mrs %0, fpcr" : "=r"(value));
  return value;
}

static void set_control(uint64_t value) { __asm__ volatile("msr fpcr, %0" : : "r"(value)); }

void flush_denormals(void) { set_control(control() | flushing); }

unsigned long keep_denormals(void) {
  const uint64_t before = control();
  set_control(before & ~flushing);
  return before;
}

void restore_denormals(unsigned long before) { set_control(before); }

#else

void flush_denormals(void) {}
unsigned long keep_denormals(void) { return 0; }
void restore_denormals(unsigned long before) { (void)before; }

#endif

__attribute__((constructor)) static void flush_from_the_start(void) { flush_denormals(); }
