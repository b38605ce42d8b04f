/* Shared by the tests of libs/aws: a folder of profile files, and an environment without AWS in it. */
#ifndef TESTS_AWS_SUPPORT_H
#define TESTS_AWS_SUPPORT_H

#define SUPPORT_PATH_SIZE 128

/* Unsets every AWS_ variable that we read, but switches the instance's metadata service off, and makes HOME an empty
 * folder of its own. */
void support_clear_environment(void);
/* Removes that folder and what was written into it. */
void support_remove_home(void);
/* Writes text below HOME, for example ".aws/config"; fills out with the whole path. */
void support_write_file(const char *name, const char *text, char out[SUPPORT_PATH_SIZE]);

#endif
