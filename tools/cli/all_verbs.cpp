#include "tools/cli/verbs.h"

namespace xorch {

// Also the order in which `xorch --help` shows them.
void add_all_verbs(CLI::App& app, Context& context) {
    add_init(app, context);
    add_plan(app, context);
    add_rehearse(app, context);
    add_submit(app, context);
    add_resume(app, context);
    add_stop(app, context);
    add_pause(app, context);
    add_continue(app, context);
    add_retry(app, context);
    add_cancel(app, context);
    add_status(app, context);
    add_watch(app, context);
    add_logs(app, context);
    add_why(app, context);
    add_records(app, context);
    add_summary(app, context);
    add_best(app, context);
    add_compare(app, context);
    add_approve(app, context);
    add_list(app, context);
    add_adopt(app, context);
    add_audit(app, context);
    add_backfill(app, context);
    add_doctor(app, context);
    add_fsck(app, context);
    add_gc(app, context);
    add_jobs(app, context);
    add_data(app, context);
    add_completion(app, context);
    add_version(app, context);
    add_coordinator(app, context);
    add_relay(app, context);
    add_keeper(app, context);
    add_agent(app, context);
    add_rank(app, context);
    add_probe(app, context);
}

}  // namespace xorch
