#include "tests/jobs/script_file.h"

#include "jobs/torch/torch.h"

namespace xorch {

void save_script(const std::string& path, const std::string& body) {
    torch::jit::Module module("Network");
    module.define("def forward(self, x):\n    " + body + "\n");
    module.save(path);
}

}  // namespace xorch
