#include "jobs/torch/failure.h"

#include <new>
#include <string_view>

#include "jobs/torch/torch.h"

namespace xorch {

namespace {

// LibTorch throws the same class for want of memory as for everything else.
bool speaks_of_memory(std::string_view message) {
    return message.find("can't allocate memory") != message.npos ||
           message.find("out of memory") != message.npos;
}

}  // namespace

JobFailure describe_torch_failure(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const c10::Error& error) {
        const std::string message = error.what_without_backtrace();
        return {.message = message, .out_of_memory = speaks_of_memory(message)};
    } catch (const std::bad_alloc&) {
        return {.message = "memory ran out", .out_of_memory = true};
    } catch (const std::exception& error) {
        return {.message = error.what(), .out_of_memory = speaks_of_memory(error.what())};
    } catch (...) {
        return {.message = "the job threw something that is no exception"};
    }
}

}  // namespace xorch
