/* `ferry dlq replay URL`: its command line, and what it says at the end. */
#ifndef CLI_DLQ_H
#define CLI_DLQ_H

/* argv[0] is "dlq". Returns the exit code. */
int dlq_main(int argc, char *const *argv);

#endif
