/* The registry of a run's blocks, and the allocators that jansson is given. */
#include "workflow_memory.h"

#include <jansson.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/* For glibc this is the size of a chunk: impossibly large and flagged as mapped, so its free() aborts. */
#define GUARD_WORD UINT64_MAX

struct head {
    struct list link;
    size_t size; /* without the head */
    uint64_t guard; /* directly before the block */
};
_Static_assert(sizeof(struct head) % alignof(max_align_t) == 0, "blocks stay aligned");
_Static_assert(offsetof(struct head, guard) + sizeof(uint64_t) == sizeof(struct head), "guard is adjacent");

/* Touched only inside the functions of this file, none of which spans a switch of stacks. */
static _Thread_local struct workflow_memory *s_current;

void workflow_memory_init(struct workflow_memory *memory, size_t maximum)
{
    *memory = (struct workflow_memory){.maximum = maximum};
    list_init(&memory->blocks);
}

static void release(struct workflow_memory *memory, struct head *head)
{
    list_remove(&head->link);
    memory->bytes -= head->size + sizeof *head;
    free(head);
}

void workflow_memory_deinit(struct workflow_memory *memory)
{
    while (!list_is_empty(&memory->blocks)) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what was freed before has left the list */
        release(memory, LIST_ITEM(memory->blocks.next, struct head, link));
    }
}

static void *allocate(struct workflow_memory *memory, size_t size)
{
    if (size > memory->maximum || memory->maximum - size < memory->bytes + sizeof(struct head)) {
        memory->is_exceeded = true;
        return NULL;
    }
    struct head *head = malloc(sizeof *head + size);
    if (head == NULL) {
        return NULL;
    }
    head->size = size;
    head->guard = GUARD_WORD;
    list_append(&memory->blocks, &head->link);
    memory->bytes += sizeof *head + size;
    return head + 1;
}

void *workflow_memory_alloc(struct workflow_memory *memory, size_t size)
{
    void *block = allocate(memory, size);
    if (block != NULL) {
        memset(block, 0, size);
    }
    return block;
}

void workflow_memory_free(struct workflow_memory *memory, void *block)
{
    if (block == NULL) {
        return;
    }
    struct head *head = (struct head *)block - 1;
    CHECK(head->guard == GUARD_WORD); /* else a block from outside the workflow function */
    release(memory, head);
}

static void *json_allocate(size_t size)
{
    struct workflow_memory *memory = s_current;
    return memory == NULL ? malloc(size) : allocate(memory, size);
}

static void json_release(void *block)
{
    struct workflow_memory *memory = s_current;
    if (memory == NULL) {
        free(block);
    } else {
        workflow_memory_free(memory, block);
    }
}

/* When the program is loaded, before any thread could be using jansson. */
__attribute__((constructor)) static void install(void)
{
    json_set_alloc_funcs(json_allocate, json_release);
    json_object_seed(0);
}

void workflow_memory_enter(struct workflow_memory *memory)
{
    CHECK(s_current == NULL);
    s_current = memory;
}

void workflow_memory_leave(void)
{
    CHECK(s_current != NULL);
    s_current = NULL;
}
