#pragma once

/// How many threads OpenBLAS is to have. The library asks this function of its own while it is
/// loaded; the program's takes its place. Else each core but the first would have a thread that is
/// never used, with a stack and a buffer of 128 MiB that it maps for itself, and waits for for ever
/// where `ulimit -v` leaves no room.
int openblas_num_threads_env(void);
