/* See completion_command.h. */
#include "completion_command.h"

#include <stdio.h>
#include <string.h>

#include "command_line.h"
#include "completion.h"
#include "exit_code.h"

static int run(const struct command_line *line)
{
    static const struct {
        const char *name;
        void (*print)(FILE *out);
    } shells[] = {{"bash", completion_bash}, {"zsh", completion_zsh}, {"fish", completion_fish}};
    struct error error = {0};
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        if (strcmp(shells[i].name, line->arguments[0]) == 0) {
            shells[i].print(stdout);
            return EXIT_DONE;
        }
    }
    (void)error_set(&error, STATUS_INVALID_ARGUMENT, "expected bash, zsh or fish, found \"%s\"", line->arguments[0]);
    return command_line_fail(line, &error);
}

const struct command g_completion_command = {
    .words = "completion",
    .arguments = "bash|zsh|fish",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "print what a shell loads to complete these commands",
    .description = "    source <(ferry completion bash)      # in ~/.bashrc\n"
                   "    source <(ferry completion zsh)       # in ~/.zshrc, behind compinit\n"
                   "    ferry completion fish | source       # in ~/.config/fish/config.fish\n\n"
                   "'make install' puts all three where their shells look for them.",
    .run = run,
};
