#include "tools/cli/verbs.h"

namespace xorch {

// Also the order in which `xorch --help` shows them.
void add_all_verbs(CLI::App& app, Context& context) {
    add_status(app, context);
    add_logs(app, context);
    add_why(app, context);
    add_records(app, context);
    add_summary(app, context);
    add_list(app, context);
    add_fsck(app, context);
    add_gc(app, context);
    add_completion(app, context);
    add_version(app, context);
}

}  // namespace xorch
