/* See file.h. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

#define NANOSECONDS INT64_C(1000000000)

static struct file_stamp stamp_from(const struct stat *about)
{
    return (struct file_stamp){
        .is_there = true,
        .device = (uint64_t)about->st_dev,
        .inode = (uint64_t)about->st_ino,
        .size = (int64_t)about->st_size,
        .modified_ns = (int64_t)about->st_mtim.tv_sec * NANOSECONDS + about->st_mtim.tv_nsec,
        .changed_ns = (int64_t)about->st_ctim.tv_sec * NANOSECONDS + about->st_ctim.tv_nsec,
    };
}

struct file_stamp file_stamp_of(const char *path)
{
    struct stat about;
    if (stat(path, &about) != 0) {
        return (struct file_stamp){.is_there = false};
    }
    return stamp_from(&about);
}

bool file_stamp_equal(const struct file_stamp *left, const struct file_stamp *right)
{
    return left->is_there == right->is_there && left->device == right->device && left->inode == right->inode &&
           left->size == right->size && left->modified_ns == right->modified_ns &&
           left->changed_ns == right->changed_ns;
}

/* Reads up to size bytes. false: errno says why. */
static bool read_fully(int file, char *out, size_t size, size_t *out_length)
{
    size_t length = 0;
    while (length < size) {
        ssize_t got = read(file, out + length, size - length);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return false;
        }
        if (got == 0) {
            break;
        }
        length += (size_t)got;
    }
    *out_length = length;
    return true;
}

enum status file_read(const char *path, size_t maximum, char **out_text, size_t *out_length,
                      struct file_stamp *out_stamp, struct error *error)
{
    enum status status = STATUS_OK;
    char *text = NULL;
    size_t length = 0;
    struct stat about;
    struct file_stamp stamp = {.is_there = false};
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &about) != 0) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "%s cannot be read: %s", path, strerrordesc_np(errno));
        goto done;
    }
    stamp = stamp_from(&about);
    text = memory_alloc(maximum + 2); /* a byte that shows that there is more, and a terminator */
    if (!read_fully(file, text, maximum + 1, &length)) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "%s cannot be read: %s", path, strerrordesc_np(errno));
        goto done;
    }
    if (length > maximum) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "%s is longer than %zu bytes", path, maximum);
        goto done;
    }
    *out_text = memory_copy(text, length);
    *out_length = length;
done:
    if (out_stamp != NULL) {
        *out_stamp = stamp;
    }
    if (file >= 0) {
        (void)close(file); /* only read from */
    }
    if (text != NULL) {
        memory_wipe(text, maximum + 2); /* it may be a secret */
    }
    free(text);
    return status;
}
