// Compiles the including file's kernels for one element type: define REAL and SUFFIX first.
#define CONCATENATE2(a, b) a##_##b
#define CONCATENATE(a, b) CONCATENATE2(a, b)
#define KERNEL(name) CONCATENATE(name, SUFFIX)
#if defined(__x86_64__)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif
