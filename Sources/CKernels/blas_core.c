#define _GNU_SOURCE
#include "blas_core.h"

#include <stddef.h>

#if defined(__x86_64__)
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static char replaced[32];

const char *replaced_blas_core(void) { return replaced[0] ? replaced : NULL; }

/// Instructions: 2 with AVX-512, 1 with AVX2 and multiply-add, otherwise 0.
static int processor_level(void) {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    return 2;
  }
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static int core_level(const char *core) {
  static const char *const wide[] = {"SkylakeX", "Cooperlake", "SapphireRapids"};
  static const char *const middle[] = {"Haswell", "Zen"};
  for (int i = 0; i < 3; i++) {
    if (strcmp(core, wide[i]) == 0) return 2;
  }
  for (int i = 0; i < 2; i++) {
    if (strcmp(core, middle[i]) == 0) return 1;
  }
  return 0;
}

void gotoblas_dynamic_init(void) {
  void (*choose)(void) = (void (*)(void))dlsym(RTLD_NEXT, "gotoblas_dynamic_init");
  void (*forget)(void) = (void (*)(void))dlsym(RTLD_NEXT, "gotoblas_dynamic_quit");
  char *(*name)(void) = (char *(*)(void))dlsym(RTLD_NEXT, "gotoblas_corename");
  if (choose == NULL) return;
  choose();
  if (forget == NULL || name == NULL || getenv("OPENBLAS_CORETYPE") != NULL) return;
  const int level = processor_level();
  if (core_level(name()) >= level) return;
  char own[sizeof replaced];
  strncpy(own, name(), sizeof own - 1);
  own[sizeof own - 1] = 0;
  forget();
  setenv("OPENBLAS_CORETYPE", level == 2 ? "SKYLAKEX" : "HASWELL", 1);
  choose();
  // Ranks that this process starts are on other hosts, perhaps, and choose for themselves.
  unsetenv("OPENBLAS_CORETYPE");
  if (core_level(name()) == level) {
    memcpy(replaced, own, sizeof own);
    return;
  }
  // A library that was built without those kernels.
  forget();
  choose();
}

#else

const char *replaced_blas_core(void) { return NULL; }

#endif
