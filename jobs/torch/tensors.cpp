#include "jobs/torch/tensors.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

namespace xorch {

namespace {

struct TypePair {
    ElementType stored;
    torch::ScalarType live;
};

constexpr std::array<TypePair, 6> type_pairs{
    {{ElementType::f32, torch::kFloat32},
     {ElementType::f64, torch::kFloat64},
     {ElementType::i64, torch::kInt64},
     {ElementType::i32, torch::kInt32},
     {ElementType::u8, torch::kUInt8},
     {ElementType::boolean, torch::kBool}}
};

ElementType stored_type(const torch::Tensor& tensor) {
    for (const TypePair& pair : type_pairs) {
        if (pair.live == tensor.scalar_type()) return pair.stored;
    }
    XORCH_CHECK(
        false, fmt::format("tensors of {} are not stored", c10::toString(tensor.scalar_type()))
    );
}

torch::ScalarType live_type(ElementType type) {
    return type_pairs.at(static_cast<std::size_t>(type)).live;
}

std::string format_shape(torch::IntArrayRef shape) {
    return fmt::format("[{}]", fmt::join(shape.begin(), shape.end(), ","));
}

Result<torch::Tensor> find_stored(const JobState& state, const std::string& name) {
    const StoredTensor* stored = state.find_tensor(name);
    if (stored == nullptr)
        return fail(ErrorCode::corrupted, fmt::format("there is no tensor \"{}\"", name));
    return load_tensor(*stored);
}

std::string key_of(const torch::Tensor& parameter) {
    return c10::guts::to_string(parameter.unsafeGetTensorImpl());
}

// ---- what each kind of optimizer keeps for a parameter ----

template <class State>
void visit_state(State& state, const auto& tensor) {
    if constexpr (requires { state.exp_avg(); }) {
        tensor("exp_avg", state.exp_avg());
        tensor("exp_avg_sq", state.exp_avg_sq());
        if (state.max_exp_avg_sq().defined()) tensor("max_exp_avg_sq", state.max_exp_avg_sq());
    } else {
        if (state.momentum_buffer().defined()) tensor("momentum_buffer", state.momentum_buffer());
    }
}

template <class State>
void store_state(JobState& out, const std::string& name, const State& state) {
    visit_state(state, [&](const char* part, const torch::Tensor& tensor) {
        out.tensors.push_back(store_tensor(name + "." + part, tensor));
    });
    if constexpr (requires { state.step(); }) set_member(out.values, name + ".step", state.step());
}

template <class State>
Result<std::unique_ptr<State>> load_state(
    const JobState& in, const std::string& name, torch::Device device
) {
    auto state = std::make_unique<State>();
    const auto take = [&](const char* part) -> Result<torch::Tensor> {
        const StoredTensor* stored = in.find_tensor(name + "." + part);
        if (stored == nullptr) return torch::Tensor();
        const auto loaded = load_tensor(*stored);
        if (!loaded) return loaded;
        return loaded->to(device);
    };
    if constexpr (requires { state->exp_avg(); }) {
        auto average = take("exp_avg");
        if (!average) return tl::unexpected(average.error());
        auto square = take("exp_avg_sq");
        if (!square) return tl::unexpected(square.error());
        auto largest = take("max_exp_avg_sq");
        if (!largest) return tl::unexpected(largest.error());
        const auto step = in.integer(name + ".step");
        if (!step) return tl::unexpected(step.error());
        state->exp_avg(*average);
        state->exp_avg_sq(*square);
        state->max_exp_avg_sq(*largest);
        state->step(*step);
    } else {
        auto momentum = take("momentum_buffer");
        if (!momentum) return tl::unexpected(momentum.error());
        state->momentum_buffer(*momentum);
    }
    return state;
}

template <class Options>
void store_options(JobState& out, const std::string& name, const Options& options) {
    set_member(out.values, name + ".lr", options.lr());
    set_member(out.values, name + ".weight_decay", options.weight_decay());
    if constexpr (requires { options.betas(); }) {
        set_member(out.values, name + ".beta1", std::get<0>(options.betas()));
        set_member(out.values, name + ".beta2", std::get<1>(options.betas()));
        set_member(out.values, name + ".eps", options.eps());
    } else {
        set_member(out.values, name + ".momentum", options.momentum());
    }
}

template <class Options>
Result<void> load_options(const JobState& in, const std::string& name, Options& options) {
    Result<void> result;
    const auto take = [&](const char* part) {
        auto number = in.number(name + "." + part);
        if (!number && result) result = tl::unexpected(number.error());
        return number.value_or(0.0);
    };
    options.lr(take("lr"));
    options.weight_decay(take("weight_decay"));
    if constexpr (requires { options.betas(); }) {
        const double beta1 = take("beta1");
        options.betas({beta1, take("beta2")});
        options.eps(take("eps"));
    } else {
        options.momentum(take("momentum"));
    }
    return result;
}

// Calls `use` with the types of this optimizer's state and options.
template <class Use>
auto with_kind(const torch::optim::Optimizer& optimizer, Use use) {
    using namespace torch::optim;
    if (dynamic_cast<const AdamW*>(&optimizer) != nullptr)
        return use.template operator()<AdamWParamState, AdamWOptions>();
    if (dynamic_cast<const Adam*>(&optimizer) != nullptr)
        return use.template operator()<AdamParamState, AdamOptions>();
    XORCH_CHECK(
        dynamic_cast<const SGD*>(&optimizer) != nullptr, "stored are AdamW, Adam and SGD only"
    );
    return use.template operator()<SGDParamState, SGDOptions>();
}

}  // namespace

torch::Device torch_device(Device device) {
    return device == Device::cuda ? torch::kCUDA : torch::kCPU;
}

NamedTensors tensors_of(const torch::nn::Module& module) {
    NamedTensors tensors;
    for (const auto& item : module.named_parameters())
        tensors.emplace_back(item.key(), item.value());
    for (const auto& item : module.named_buffers())
        tensors.emplace_back(item.key(), item.value());
    return tensors;
}

NamedTensors tensors_of(const torch::jit::Module& module) {
    NamedTensors tensors;
    for (const auto& item : module.named_parameters())
        tensors.emplace_back(item.name, item.value);
    for (const auto& item : module.named_buffers())
        tensors.emplace_back(item.name, item.value);
    return tensors;
}

StoredTensor store_tensor(std::string name, const torch::Tensor& tensor) {
    const torch::Tensor flat = tensor.detach().to(torch::kCPU).contiguous();
    StoredTensor stored{
        .name = std::move(name), .type = stored_type(flat), .shape = flat.sizes().vec()};
    stored.bytes.assign(static_cast<const char*>(flat.data_ptr()), flat.nbytes());
    return stored;
}

Result<torch::Tensor> load_tensor(const StoredTensor& stored) {
    torch::Tensor tensor = torch::empty(stored.shape, live_type(stored.type));
    if (tensor.nbytes() != stored.bytes.size()) {
        return fail(ErrorCode::corrupted, fmt::format("tensor \"{}\" is cut off", stored.name));
    }
    if (!stored.bytes.empty())
        std::memcpy(tensor.data_ptr(), stored.bytes.data(), stored.bytes.size());
    return tensor;
}

void store_tensors(JobState& state, std::string_view name, const NamedTensors& tensors) {
    for (const auto& [own, tensor] : tensors)
        state.tensors.push_back(store_tensor(fmt::format("{}.{}", name, own), tensor));
}

Result<void> load_tensors(const JobState& state, std::string_view name, NamedTensors tensors) {
    const torch::NoGradGuard no_gradients;
    for (auto& [own, tensor] : tensors) {
        const std::string full = fmt::format("{}.{}", name, own);
        auto stored = find_stored(state, full);
        if (!stored) return tl::unexpected(stored.error());
        if (stored->sizes() != tensor.sizes() || stored->scalar_type() != tensor.scalar_type()) {
            return fail(
                ErrorCode::corrupted,
                fmt::format(
                    "tensor \"{}\" is {} {}, not {} {}",
                    full,
                    c10::toString(stored->scalar_type()),
                    format_shape(stored->sizes()),
                    c10::toString(tensor.scalar_type()),
                    format_shape(tensor.sizes())
                )
            );
        }
        tensor.copy_(*stored);
    }
    return {};
}

void store_optimizer(
    JobState& state, std::string_view name, const torch::optim::Optimizer& optimizer
) {
    with_kind(optimizer, [&]<class State, class Options>() {
        std::size_t place = 0;
        std::size_t group_place = 0;
        for (const auto& group : optimizer.param_groups()) {
            store_options(
                state,
                fmt::format("{}.group{}", name, group_place++),
                static_cast<const Options&>(group.options())
            );
            for (const torch::Tensor& parameter : group.params()) {
                const std::string full = fmt::format("{}.{}", name, place++);
                const auto found = optimizer.state().find(key_of(parameter));
                if (found == optimizer.state().end()) continue;  // it never stepped
                set_member(state.values, full, true);
                store_state(state, full, static_cast<const State&>(*found->second));
            }
        }
    });
}

Result<void> load_optimizer(
    const JobState& state, std::string_view name, torch::optim::Optimizer& optimizer
) {
    return with_kind(optimizer, [&]<class State, class Options>() -> Result<void> {
        std::size_t place = 0;
        std::size_t group_place = 0;
        for (auto& group : optimizer.param_groups()) {
            auto loaded = load_options(
                state,
                fmt::format("{}.group{}", name, group_place++),
                static_cast<Options&>(group.options())
            );
            if (!loaded) return loaded;
            for (const torch::Tensor& parameter : group.params()) {
                const std::string full = fmt::format("{}.{}", name, place++);
                if (find_member(state.values, full) == nullptr) continue;
                auto own = load_state<State>(state, full, parameter.device());
                if (!own) return tl::unexpected(own.error());
                optimizer.state()[key_of(parameter)] = std::move(*own);
            }
        }
        return {};
    });
}

void store_generator(JobState& state, std::string_view name) {
    state.tensors.push_back(
        store_tensor(std::string(name), at::detail::getDefaultCPUGenerator().get_state())
    );
}

Result<void> load_generator(const JobState& state, std::string_view name) {
    auto stored = find_stored(state, std::string(name));
    if (!stored) return tl::unexpected(stored.error());
    at::Generator generator = at::detail::getDefaultCPUGenerator();
    if (stored->sizes() != generator.get_state().sizes())
        return fail(ErrorCode::corrupted, fmt::format("\"{}\" is no generator's state", name));
    generator.set_state(*stored);
    return {};
}

}  // namespace xorch
