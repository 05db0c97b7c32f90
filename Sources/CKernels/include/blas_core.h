#pragma once

/// The kernels that OpenBLAS took by itself, such as "Prescott", where they were of an older processor
/// than this one and others were chosen in their place; NULL where the choice is the library's own.
///
/// A library that is older than the processor does not know it and takes kernels of 2004. It asks for its
/// kernels by a function of its own while it is loaded, before any thread of its; the program's takes that
/// one's place, and asks again for better ones. OPENBLAS_CORETYPE goes before.
const char *replaced_blas_core(void);
