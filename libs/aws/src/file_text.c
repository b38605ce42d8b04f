/* Reading a small file. */
#include "file_text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

enum status file_text_read(const char *path, struct buffer *out, struct error *error)
{
    enum status status = STATUS_OK;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        status = errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND : STATUS_INVALID_ARGUMENT;
        return error_set(error, status, "%s: %s", path, strerrordesc_np(errno));
    }
    char chunk[4096];
    ssize_t got;
    while ((got = read(file, chunk, sizeof chunk)) != 0) {
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            status = error_set(error, STATUS_INVALID_ARGUMENT, "%s: %s", path, strerrordesc_np(errno));
            break;
        }
        if (!buffer_append(out, chunk, (size_t)got)) {
            status = error_set(error, STATUS_INVALID_ARGUMENT, "%s: longer than %zu bytes", path, out->maximum);
            break;
        }
    }
    memory_wipe(chunk, sizeof chunk);
    (void)close(file); /* only read from */
    return status;
}
