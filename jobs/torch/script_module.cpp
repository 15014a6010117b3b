#include "jobs/torch/script_module.h"

#include <fmt/core.h>

#include <exception>
#include <string_view>

namespace xorch {

namespace {

// What `call` returns, or what it made LibTorch throw; after the first line comes a stack trace.
template <class Call>
auto call_module(std::string_view doing, const Call& call) -> Result<decltype(call())> {
    try {
        return call();
    } catch (const std::exception& error) {
        const std::string text = error.what();
        return fail(
            ErrorCode::invalid_input, std::string(doing) + ": " + text.substr(0, text.find('\n'))
        );
    }
}

}  // namespace

Result<ScriptModule> ScriptModule::open(const std::string& path) {
    auto module = call_module("no TorchScript module", [&] { return torch::jit::load(path); });
    if (!module) return tl::unexpected(module.error());
    module->eval();
    return ScriptModule(std::move(*module));
}

Result<torch::Tensor> ScriptModule::forward(const torch::Tensor& input) {
    const auto answer = ask(input);
    if (!answer) return tl::unexpected(answer.error());
    torch::IValue first = *answer;
    if (first.isTuple() && !first.toTupleRef().elements().empty()) {
        first = first.toTupleRef().elements()[0];
    }
    if (first.isTensor()) return first.toTensor();
    return fail(
        ErrorCode::invalid_input,
        "the TorchScript module answers with " + first.tagKind() + ", not with a tensor"
    );
}

Result<std::vector<torch::Tensor>> ScriptModule::forward_all(const torch::Tensor& input) {
    const auto answer = ask(input);
    if (!answer) return tl::unexpected(answer.error());
    std::vector<torch::Tensor> tensors;
    if (answer->isTuple()) {
        for (const torch::IValue& element : answer->toTupleRef().elements()) {
            if (element.isTensor()) tensors.push_back(element.toTensor());
        }
        if (tensors.size() == answer->toTupleRef().elements().size()) return tensors;
    }
    return fail(
        ErrorCode::invalid_input,
        "the TorchScript module answers with " + answer->tagKind() + ", not with a tuple of tensors"
    );
}

Result<torch::IValue> ScriptModule::ask(const torch::Tensor& input) {
    return call_module("the TorchScript module", [&] {
        const torch::NoGradGuard no_gradients;
        return module_.forward({input});
    });
}

std::string shape_text(torch::IntArrayRef sizes) {
    std::string text = "[";
    for (const std::int64_t length : sizes) {
        text += (text.size() > 1 ? "," : "") + std::to_string(length);
    }
    return text + "]";
}

Result<void> check_answer(const torch::Tensor& answer, const std::vector<std::int64_t>& shape) {
    if (answer.sizes() != torch::IntArrayRef(shape)) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format(
                "the network answers with {}, {} is expected",
                shape_text(answer.sizes()),
                shape_text(shape)
            )
        );
    }
    if (answer.scalar_type() != torch::kFloat32) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format(
                "the network answers with {}, not with f32", c10::toString(answer.scalar_type())
            )
        );
    }
    if (!torch::isfinite(answer).all().item<bool>()) {
        return fail(ErrorCode::invalid_input, "the network answers with NaN or infinity");
    }
    return {};
}

}  // namespace xorch
