#pragma once

/* All threads that come take small blocks from one heap. By itself the C library gives each thread a
   heap of its own, of 64 MiB of addresses, as long as there is room for one. */
void ck_use_one_heap(void);
