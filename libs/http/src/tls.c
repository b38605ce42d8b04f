/* Keeps what certificate files hold, and looks whether they have changed: see http/tls.h. */
#include "http/tls.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "tls_material.h"

#define LOOK_INTERVAL_MS 1000

struct http_tls {
    struct tls_paths paths; /* fixed */

    pthread_mutex_t mutex; /* guards what follows; never held while files are read */
    struct tls_material *material;
    int64_t next_look_ms;
    bool is_looking; /* some thread reads the files */
    struct file_stamp seen[TLS_PARTS]; /* the files' state when they were last read, in vain or not */
};

static struct file_stamp stamp_of(const char *path)
{
    return path != NULL ? file_stamp_of(path) : (struct file_stamp){.is_there = false};
}

static void log_certificates(const struct http_tls *tls, const struct tls_material *material, const char *message)
{
    char expires[CLOCK_RFC3339_SIZE] = "";
    if (material->expires != INT64_MAX) {
        clock_format_rfc3339(material->expires * 1000, expires);
    }
    log_event(LOG_LEVEL_INFO, message, LOG_STRING("certificate", tls->paths.of[TLS_CERTIFICATE]),
              LOG_STRING("ca", tls->paths.of[TLS_CA]), LOG_STRING("expires", expires[0] != '\0' ? expires : NULL));
}

enum status http_tls_new(const struct http_tls_files *files, struct http_tls **out_tls, struct error *error)
{
    CHECK((files->certificate == NULL) == (files->key == NULL));
    struct http_tls *tls = memory_alloc(sizeof *tls);
    tls->paths.of[TLS_CERTIFICATE] = memory_copy_string(files->certificate);
    tls->paths.of[TLS_KEY] = memory_copy_string(files->key);
    tls->paths.of[TLS_CA] = memory_copy_string(files->ca);
    pthread_mutex_init(&tls->mutex, NULL);
    enum status status = tls_material_load(&tls->paths, &tls->material, tls->seen, error);
    if (status == STATUS_OK) {
        *out_tls = tls;
    } else {
        http_tls_destroy(tls);
    }
    return status;
}

void http_tls_destroy(struct http_tls *tls)
{
    if (tls == NULL) {
        return;
    }
    tls_material_release(tls->material);
    for (int part = 0; part < TLS_PARTS; part++) {
        free(tls->paths.of[part]);
    }
    pthread_mutex_destroy(&tls->mutex);
    free(tls);
}

static bool have_changed(const struct http_tls *tls, const struct file_stamp seen[TLS_PARTS])
{
    for (int part = 0; part < TLS_PARTS; part++) {
        struct file_stamp found = stamp_of(tls->paths.of[part]);
        if (!file_stamp_equal(&found, &seen[part])) {
            return true;
        }
    }
    return false;
}

/* Looks at the files if that is due, and puts what they hold in the place of what they held. */
static void look(struct http_tls *tls, int64_t now_ms)
{
    struct file_stamp stamps[TLS_PARTS];
    struct tls_material *material = NULL;
    struct error error = {0};
    pthread_mutex_lock(&tls->mutex);
    bool is_due = !tls->is_looking && now_ms >= tls->next_look_ms;
    if (is_due) {
        tls->is_looking = true;
        tls->next_look_ms = now_ms + LOOK_INTERVAL_MS;
        memcpy(stamps, tls->seen, sizeof stamps);
    }
    pthread_mutex_unlock(&tls->mutex);
    if (!is_due) {
        return;
    }
    if (have_changed(tls, stamps)) {
        if (tls_material_load(&tls->paths, &material, stamps, &error) == STATUS_OK) {
            log_certificates(tls, material, "certificates were read again");
        } else {
            log_event(LOG_LEVEL_WARN, "changed certificates cannot be used: the last good ones stay",
                      LOG_ERROR(&error));
        }
    }
    pthread_mutex_lock(&tls->mutex);
    if (material != NULL) {
        struct tls_material *old = tls->material;
        tls->material = material;
        material = old;
    }
    memcpy(tls->seen, stamps, sizeof stamps);
    tls->is_looking = false;
    pthread_mutex_unlock(&tls->mutex);
    tls_material_release(material);
}

struct tls_material *tls_current(struct http_tls *tls, int64_t now_ms)
{
    look(tls, now_ms);
    pthread_mutex_lock(&tls->mutex);
    struct tls_material *material = tls_material_share(tls->material);
    pthread_mutex_unlock(&tls->mutex);
    return material;
}

bool tls_is_outdated(struct http_tls *tls, const struct tls_material *material, int64_t now_ms)
{
    look(tls, now_ms);
    pthread_mutex_lock(&tls->mutex);
    bool is_outdated = material != tls->material;
    pthread_mutex_unlock(&tls->mutex);
    return is_outdated;
}

const struct tls_paths *tls_paths_of(const struct http_tls *tls)
{
    return &tls->paths;
}
