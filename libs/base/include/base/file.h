/* Small files: read whole, and whether they have changed since. Any thread. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* What tells one state of a file from another without reading it. Whoever puts another file in its place, also by a
 * symbolic link on the way to it, changes device or inode; whoever writes into it changes size or times. */
struct file_stamp {
    bool is_there; /* false: there is no such file, or it cannot be looked at; the rest is zero */
    uint64_t device;
    uint64_t inode;
    int64_t size;
    int64_t modified_ns;
    int64_t changed_ns; /* of the inode: a file moved over it with old times differs here */
};

struct file_stamp file_stamp_of(const char *path);
bool file_stamp_equal(const struct file_stamp *left, const struct file_stamp *right);

/* *out_text has a zero byte behind *out_length bytes; free() it. *out_stamp (may be NULL) is of the very file that was
 * read, from before it was read, and is set in any case. INVALID_ARGUMENT: it cannot be read, or is longer than
 * maximum. */
MUST_CHECK enum status file_read(const char *path, size_t maximum, char **out_text, size_t *out_length,
                                 struct file_stamp *out_stamp, struct error *error);

#endif
