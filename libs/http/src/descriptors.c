/* See descriptors.h. */
#include "descriptors.h"

#include <pthread.h>
#include <stdint.h>
#include <sys/resource.h>

size_t descriptors_ensure(size_t count)
{
    static pthread_mutex_t s_mutex = PTHREAD_MUTEX_INITIALIZER; /* between reading the limit and raising it */
    struct rlimit limit;
    size_t result = SIZE_MAX;
    (void)pthread_mutex_lock(&s_mutex);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        if (limit.rlim_cur < count && limit.rlim_cur < limit.rlim_max) {
            rlim_t before = limit.rlim_cur;
            limit.rlim_cur = limit.rlim_max < count ? limit.rlim_max : count;
            if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
                limit.rlim_cur = before;
            }
        }
        result = limit.rlim_cur;
    }
    (void)pthread_mutex_unlock(&s_mutex);
    return result;
}
