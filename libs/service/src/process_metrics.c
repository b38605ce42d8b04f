/* See process_metrics.h. What /proc does not tell stays 0. */
#include "process_metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"

/* The second number of statm: pages that are in memory. */
static int64_t resident_bytes(void)
{
    long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL) {
        return 0;
    }
    if (fscanf(file, "%*d %lld", &pages) != 1) { /* NOLINT(cert-err34-c): the kernel's own number */
        pages = 0;
    }
    (void)fclose(file);
    return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

static int64_t open_files(void)
{
    int64_t count = 0;
    DIR *directory = opendir("/proc/self/fd");
    if (directory == NULL) {
        return 0;
    }
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        count += entry->d_name[0] != '.' ? 1 : 0;
    }
    (void)closedir(directory);
    return count - 1; /* not the one that was open for looking */
}

static int64_t files_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > INT64_MAX) {
        return 0;
    }
    return (int64_t)limit.rlim_cur;
}

static void collect(void *user)
{
    const struct process_metrics *process = user;
    metric_gauge_set(process->resident_bytes, resident_bytes());
    metric_gauge_set(process->open_files, open_files());
    metric_gauge_set(process->files_limit, files_limit());
}

void process_metrics_init(struct process_metrics *out, struct metrics *metrics, const char *service)
{
    metric_gauge_set(metrics_gauge(metrics, "ferry_build_info", "1 for each process, with its version.",
                                   METRIC_LABELS({"service", service}, {"version", FERRY_VERSION})),
                     1);
    metric_gauge_set(metrics_gauge(metrics, "process_start_time_seconds",
                                   "When the process started, in seconds since 1970.", NULL),
                     clock_wall_ms() / 1000);
    out->resident_bytes = metrics_gauge(metrics, "process_resident_memory_bytes", "Memory that is in use.", NULL);
    out->open_files = metrics_gauge(metrics, "process_open_fds", "Open files and connections.", NULL);
    out->files_limit = metrics_gauge(metrics, "process_max_fds", "How many may be open.", NULL);
    metrics_on_collect(metrics, collect, out);
}
