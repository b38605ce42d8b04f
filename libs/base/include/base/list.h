/* Intrusive doubly linked list. A head is a struct list that links to itself while empty. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *previous;
    struct list *next;
};

#define LIST_ITEM(node, type, member) ((type *)(void *)((char *)(node) - offsetof(type, member)))

static inline void list_init(struct list *list)
{
    list->previous = list;
    list->next = list;
}

static inline bool list_is_empty(const struct list *list)
{
    return list->next == list;
}

static inline void list_insert_before(struct list *where, struct list *node)
{
    node->previous = where->previous;
    node->next = where;
    where->previous->next = node;
    where->previous = node;
}

static inline void list_append(struct list *head, struct list *node)
{
    list_insert_before(head, node);
}

static inline void list_prepend(struct list *head, struct list *node)
{
    list_insert_before(head->next, node);
}

/* Leaves node linked to itself, so that removing twice is harmless. */
static inline void list_remove(struct list *node)
{
    node->previous->next = node->next;
    node->next->previous = node->previous;
    list_init(node);
}

static inline struct list *list_take_first(struct list *head)
{
    struct list *node = head->next;
    if (node == head) {
        return NULL;
    }
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it forgets that a node which was freed left the list here before */
    list_remove(node);
    return node;
}

#endif
