#define _GNU_SOURCE
#include "fuzzer.h"

#include <sys/mman.h>

int cfuzzer_memory_file(void) { return memfd_create("input", 0); }
