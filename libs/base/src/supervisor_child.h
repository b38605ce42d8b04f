/* Making one child process. Private to base. */
#ifndef BASE_SRC_SUPERVISOR_CHILD_H
#define BASE_SRC_SUPERVISOR_CHILD_H

#include <sys/types.h>

/* The parent's environment with additions added or replacing; owned by the caller, environment_free(). */
char **environment_new(const char *const *additions);
void environment_free(char **environment);

/* fork and exec. The child has an empty signal mask, default signal actions, a process group of its own (so that a
 * Ctrl-C at the terminal reaches it once, through its parent), no descriptors but 0, 1 and 2, and gets SIGTERM when
 * the calling thread's life ends. -1 with errno: no process was made. A child that cannot exec exits with 127. */
pid_t child_start(const char *const *arguments, char *const *environment);

#endif
