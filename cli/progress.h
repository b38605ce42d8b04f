/* A line on the terminal that says how far long work has come. It is on stderr, and there only where that is a terminal
 * and the output is for people; it is drawn a few times a second, and gone at the end. One thread. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PROGRESS_EVERY_MS 100
#define PROGRESS_COLUMNS_MAX 120

/* Caller's storage. */
struct progress {
    FILE *out; /* NULL: nothing is drawn */
    const char *label;
    int64_t total; /* 0: not known */
    int64_t done;
    int64_t began_ms;
    int64_t drawn_ms;
    bool is_visible;
};

/* Whether progress_init would draw: stderr is a terminal that can be drawn on. */
bool progress_is_wanted(bool is_for_programs);
/* is_wanted false: all calls below do nothing. label is borrowed: "replaying". */
void progress_init(struct progress *progress, bool is_wanted, const char *label, int64_t total);
/* Something else from here on, counted from 0. */
void progress_restart(struct progress *progress, const char *label, int64_t total);
/* So many in all are done; draws if it is time. */
void progress_set(struct progress *progress, int64_t done);
/* Takes the line away, before something is printed and at the end; the next progress_set draws it again. */
void progress_hide(struct progress *progress);

/* The line for a terminal of so many columns, without an end: "replaying [####----] 512/1024 87/s 6 s left". Pure. */
void progress_format(char *out, size_t size, size_t columns, const struct progress *progress, int64_t now_ms);

#endif
