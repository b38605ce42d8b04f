/* Where Temporal's own UI shows a run. Pure but for $TEMPORAL_UI_URL. */
#ifndef CLI_TEMPORAL_UI_H
#define CLI_TEMPORAL_UI_H

#include <stdbool.h>

/* given: of --ui; NULL: $TEMPORAL_UI_URL, else Temporal Cloud's where the address is its (*.tmprl.cloud,
 * *.api.temporal.io), else that of the dev server where the address is this machine's port 7233. free() it. NULL: not
 * known. run_id NULL: of all the ID's runs. */
char *temporal_ui_address(const char *given, const char *temporal_address, const char *namespace_,
                          const char *workflow_id, const char *run_id);

#endif
