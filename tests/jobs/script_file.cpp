#include "tests/jobs/script_file.h"

#include "jobs/torch/torch.h"

namespace xorch {

void save_script(const std::string& path, const std::string& source) {
    torch::jit::Module module("Network");
    module.define(source);
    module.save(path);
}

}  // namespace xorch
