/* Calls that wait for their time, earliest first: a binary heap of pointers. One owner. */
#ifndef NULL_FRONTEND_HELD_H
#define NULL_FRONTEND_HELD_H

#include <stddef.h>
#include <stdint.h>

struct held_entry {
    int64_t at_ms;
    void *call;
};

struct held {
    struct held_entry *entries;
    size_t count;
    size_t capacity;
};

/* Starts as all zeroes. */
void held_deinit(struct held *held);
void held_add(struct held *held, int64_t at_ms, void *call);
int64_t held_next_ms(const struct held *held); /* INT64_MAX: none */
/* The first one whose time has come; NULL: none. */
void *held_take(struct held *held, int64_t now_ms);

#endif
