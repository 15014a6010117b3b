#include "worker/attempt/noop.h"

#include "core/json.h"
#include "core/record.h"

namespace xorch {

namespace {

// The declared maximum.
constexpr std::int64_t rows_max = 10;

}  // namespace

AttemptEnd run_noop(Now now, const std::string& params) {
    AttemptEnd end;
    end.started_unix = now.unix;
    end.env_key = "noop";
    if (params.empty()) return end;
    const auto value = parse_json(params);
    if (!value) {
        end.cause = Cause::spawn;
        end.message = value.error().message;
        return end;
    }
    const Value* count = value->find("rows");
    const Value* payload = value->find("payload");
    const auto* number = count == nullptr ? nullptr : count->get_if<std::int64_t>();
    std::vector<Object> rows;
    for (std::int64_t row = 0; number != nullptr && row < *number && row < rows_max; ++row) {
        rows.push_back({
            {"row",     row                                      },
            {"payload", payload == nullptr ? Value("") : *payload}
        });
    }
    end.rows = format_rows(rows);
    return end;
}

}  // namespace xorch
