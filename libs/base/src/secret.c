/* See secret.h. */
#include "base/secret.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"

#define SECRET_MAX ((size_t)64 << 10)
#define LOOK_INTERVAL_MS 1000

struct secret {
    char *path; /* NULL: the value never changes */
    int64_t overlap_ms;

    pthread_mutex_t mutex; /* guards what follows */
    char *current;
    char *previous;            /* NULL: none */
    int64_t previous_until_ms;
    int64_t next_look_ms;
    bool is_looking;           /* some thread reads the file */
    struct file_stamp seen;    /* the file's state when it was last read, in vain or not */
};

static enum status read_stamped(const char *path, char **out_text, struct file_stamp *out_stamp, struct error *error)
{
    char *text = NULL;
    size_t length = 0;
    enum status status = file_read(path, SECRET_MAX, &text, &length, out_stamp, error);
    if (status != STATUS_OK) {
        return status;
    }
    size_t size = length;
    while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL) {
        length--;
    }
    text[length] = '\0';
    if (length == 0 || strlen(text) != length) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "%s holds no secret", path);
    } else if (strpbrk(text, "\r\n") != NULL) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "%s holds more than one line", path);
    } else {
        *out_text = memory_copy_string(text);
    }
    memory_wipe(text, size);
    free(text);
    return status;
}

enum status secret_read_file(const char *path, char **out_text, struct error *error)
{
    return read_stamped(path, out_text, NULL, error);
}

void secret_wipe(char *text)
{
    memory_wipe_string(text);
    free(text);
}

static struct secret *secret_alloc(void)
{
    struct secret *secret = memory_alloc(sizeof *secret);
    pthread_mutex_init(&secret->mutex, NULL);
    return secret;
}

struct secret *secret_new(const char *text)
{
    struct secret *secret = secret_alloc();
    secret->current = memory_copy_string(text);
    return secret;
}

enum status secret_new_from_file(const char *path, int64_t overlap_ms, struct secret **out_secret,
                                 struct error *error)
{
    char *text = NULL;
    struct file_stamp stamp;
    enum status status = read_stamped(path, &text, &stamp, error);
    if (status != STATUS_OK) {
        return status;
    }
    struct secret *secret = secret_alloc();
    secret->path = memory_copy_string(path);
    secret->overlap_ms = overlap_ms;
    secret->current = text;
    secret->seen = stamp;
    *out_secret = secret;
    return STATUS_OK;
}

void secret_destroy(struct secret *secret)
{
    if (secret == NULL) {
        return;
    }
    secret_wipe(secret->current);
    secret_wipe(secret->previous);
    free(secret->path);
    pthread_mutex_destroy(&secret->mutex);
    free(secret);
}

/* The file's new value takes the place of the current one. false: it is the same. */
static bool take_value(struct secret *secret, char *text, int64_t now_ms)
{
    CHECK(text != NULL);
    pthread_mutex_lock(&secret->mutex);
    bool has_changed = strcmp(text, secret->current) != 0;
    char *unwanted = text;
    if (has_changed) {
        unwanted = secret->previous;
        secret->previous = secret->current;
        secret->previous_until_ms = now_ms + secret->overlap_ms;
        secret->current = text;
    }
    pthread_mutex_unlock(&secret->mutex);
    secret_wipe(unwanted);
    return has_changed;
}

/* Looks at the file if that is due. true: the value has changed. */
static bool look(struct secret *secret, int64_t now_ms, bool is_urgent)
{
    if (secret->path == NULL) {
        return false;
    }
    pthread_mutex_lock(&secret->mutex);
    bool is_due = !secret->is_looking && (is_urgent || now_ms >= secret->next_look_ms);
    struct file_stamp seen = secret->seen;
    if (is_due) {
        secret->is_looking = true;
        secret->next_look_ms = now_ms + LOOK_INTERVAL_MS;
    }
    pthread_mutex_unlock(&secret->mutex);
    if (!is_due) {
        return false;
    }
    bool has_changed = false;
    struct file_stamp found = file_stamp_of(secret->path);
    if (!file_stamp_equal(&found, &seen)) {
        char *text = NULL;
        struct error error = {0};
        if (read_stamped(secret->path, &text, &found, &error) == STATUS_OK) {
            has_changed = take_value(secret, text, now_ms);
        } else {
            log_event(LOG_LEVEL_WARN, "a secret's file cannot be used: its last value stays",
                      LOG_STRING("path", secret->path), LOG_ERROR(&error));
        }
    }
    if (has_changed) {
        log_event(LOG_LEVEL_INFO, "a secret was read again from its file", LOG_STRING("path", secret->path),
                  LOG_INTEGER("overlap_ms", secret->overlap_ms));
    }
    pthread_mutex_lock(&secret->mutex);
    secret->seen = found;
    secret->is_looking = false;
    pthread_mutex_unlock(&secret->mutex);
    return has_changed;
}

char *secret_current(struct secret *secret, int64_t now_ms)
{
    (void)look(secret, now_ms, false);
    pthread_mutex_lock(&secret->mutex);
    char *copy = memory_copy_string(secret->current);
    pthread_mutex_unlock(&secret->mutex);
    return copy;
}

char *secret_previous(struct secret *secret, int64_t now_ms)
{
    pthread_mutex_lock(&secret->mutex);
    bool is_valid = secret->previous != NULL && now_ms < secret->previous_until_ms;
    char *copy = is_valid ? memory_copy_string(secret->previous) : NULL;
    pthread_mutex_unlock(&secret->mutex);
    return copy;
}

bool secret_look_again(struct secret *secret, int64_t now_ms)
{
    return look(secret, now_ms, true);
}
