#pragma once

/* Copies of a function for newer processors, of which the loader takes one. ThreadSanitizer would
   instrument that choice, which comes before it is ready. */
#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
// Never part of its caller, as clones are not, so that nothing of it moves out of what is done around it.
#define APART CLONES
#else
#define CLONES
#define APART __attribute__((noinline))
#endif
