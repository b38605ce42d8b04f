/* See base/failpoint.h. Without FERRY_FAILPOINTS this file is empty but for a declaration. */
#include "base/failpoint.h"

#ifdef FERRY_FAILPOINTS

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 64

/* "name", "name:stop", "name:kill@3". */
struct failpoint {
    char name[NAME_MAX_BYTES];
    int signal;
    int pass;
};

static atomic_int s_passes; /* of the one named point */

static struct failpoint parse(const char *text)
{
    struct failpoint point = {.signal = SIGKILL, .pass = 1};
    size_t length = strcspn(text, ":@");
    const char *at = strchr(text, '@');
    if (length >= sizeof point.name) {
        return point;
    }
    memcpy(point.name, text, length);
    if (strncmp(text + length, ":stop", 5) == 0) {
        point.signal = SIGSTOP;
    }
    if (at != NULL) {
        point.pass = 0;
        for (const char *digit = at + 1; *digit >= '0' && *digit <= '9' && point.pass < 1000000; digit++) {
            point.pass = point.pass * 10 + (*digit - '0');
        }
    }
    return point;
}

void failpoint_pass(const char *name)
{
    const char *text = getenv("FERRY_FAILPOINT");
    if (text == NULL) {
        return;
    }
    const struct failpoint point = parse(text);
    if (strcmp(point.name, name) == 0 && atomic_fetch_add(&s_passes, 1) + 1 == point.pass) {
        (void)raise(point.signal); /* fails only for a signal that does not exist */
    }
}

#else
typedef int failpoints_are_not_compiled_in;
#endif
