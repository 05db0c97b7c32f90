#pragma once

/* Copies of a function for newer processors, of which the loader takes one. ThreadSanitizer would
   instrument that choice, which comes before it is ready. */
#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif
