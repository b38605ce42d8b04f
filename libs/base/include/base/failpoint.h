/* Named points at which a test kills or stops a program, so that what it does next is never done. Compiled in by
 * `make FAILPOINTS=1` alone; what is shipped holds none of it.
 *
 *     FAILPOINT("poller.received");
 *
 * FERRY_FAILPOINT=NAME, NAME:kill or NAME:stop, each with @N behind it for the N-th pass instead of the first: the
 * process sends itself SIGKILL or SIGSTOP there, once in its life. Any thread. */
#ifndef BASE_FAILPOINT_H
#define BASE_FAILPOINT_H

#ifdef FERRY_FAILPOINTS
void failpoint_pass(const char *name);
#define FAILPOINT(name) failpoint_pass(name)
#else
#define FAILPOINT(name) ((void)0)
#endif

#endif
