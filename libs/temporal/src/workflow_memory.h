/* Who frees what at eviction: every block that jansson allocates while a workflow function runs is linked to the run's
 * registry and goes with it. Outside workflow functions jansson's blocks are plain malloc() ones, so that activities
 * and everybody else may free(json_dumps(…)) as ever. A block of a run that is given to free() makes the C library
 * abort at once: the word before it looks like no block of any allocator (docs/adr/0009). jansson is given its
 * allocators when the program is loaded.
 *
 * One owner: the run. */
#ifndef TEMPORAL_WORKFLOW_MEMORY_H
#define TEMPORAL_WORKFLOW_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"

struct workflow_memory {
    struct list blocks;
    size_t bytes;   /* with their heads */
    size_t maximum; /* an allocation beyond it fails and sets is_exceeded */
    bool is_exceeded;
};

void workflow_memory_init(struct workflow_memory *memory, size_t maximum);
void workflow_memory_deinit(struct workflow_memory *memory); /* frees every block */

/* Between these two, on this thread, jansson's allocations belong to memory. */
void workflow_memory_enter(struct workflow_memory *memory);
void workflow_memory_leave(void);

/* Zeroed. NULL: over the maximum. */
void *workflow_memory_alloc(struct workflow_memory *memory, size_t size);
void workflow_memory_free(struct workflow_memory *memory, void *block); /* NULL is fine */

#endif
