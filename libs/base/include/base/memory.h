/* Allocation that never returns NULL: exhaustion aborts with a message (docs/adr/0003). Whatever a peer sizes passes
 * a named limit before it comes here. Free with free(). */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

#include "base/attributes.h"

void *memory_alloc(size_t size);                       /* zeroed */
void *memory_alloc_array(size_t count, size_t size);   /* zeroed, overflow-checked */
void *memory_resize_array(void *old, size_t count, size_t size); /* contents kept, growth not zeroed */
char *memory_copy_string(const char *text);            /* NULL gives NULL */
void *memory_copy(const void *bytes, size_t size);     /* adds a terminating zero byte behind the copy */
char *memory_format(const char *format, ...) PRINTF_LIKE(1, 2);

/* Overwrites with zeros in a way that no optimiser removes. NULL is fine. */
void memory_wipe(void *bytes, size_t size);
void memory_wipe_string(char *text); /* up to its terminator; NULL is fine */

#endif
