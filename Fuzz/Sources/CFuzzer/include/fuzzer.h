#include <stddef.h>
#include <stdint.h>

// libFuzzer's own loop, of LLVM's compiler-rt: reads its options from the arguments, and calls the
// function with one input after another.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*run)(const uint8_t *data, size_t size));

// A file in memory; -1 if there can be none.
int cfuzzer_memory_file(void);
