#include "jobs/collective/mpi_world.h"

#include <mpi.h>

#include <array>

#include "jobs/collective/mpi_error.h"

namespace xorch {

namespace {

// MPI sends so much without waiting for the receiver, which may never look.
constexpr std::size_t trouble_bytes_max = 2'000;
// The message's tag says of which kind it is.
constexpr int failure_tag = 1;
constexpr int memory_tag = 2;

}  // namespace

// Of its own communicator, so that no collective takes its messages.
struct MpiWorld::Aside {
    MPI_Comm ranks = MPI_COMM_NULL;
    std::string words;  // on their way, if any
    std::optional<RankTrouble> heard;
    MPI_Request sending = MPI_REQUEST_NULL;
};

MpiWorld::MpiWorld() : aside_(std::make_unique<Aside>()) {}

Result<std::unique_ptr<MpiWorld>> MpiWorld::start() {
    int provided = MPI_THREAD_SINGLE;
    const int code = MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
    if (auto started = check_mpi(code, "starting MPI"); !started) {
        return tl::unexpected(started.error());
    }
    if (provided < MPI_THREAD_FUNNELED) {
        return fail(ErrorCode::unavailable, "this MPI cannot live beside other threads");
    }
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    std::unique_ptr<MpiWorld> world(new MpiWorld);
    MPI_Comm_rank(MPI_COMM_WORLD, &world->rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &world->size_);
    const int doubled = MPI_Comm_dup(MPI_COMM_WORLD, &world->aside_->ranks);
    if (auto made = check_mpi(doubled, "starting MPI"); !made) return tl::unexpected(made.error());
    MPI_Comm neighbours = MPI_COMM_NULL;
    const int split = MPI_Comm_split_type(
        MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, world->rank_, MPI_INFO_NULL, &neighbours
    );
    if (auto made = check_mpi(split, "finding ranks of this node"); !made) {
        return tl::unexpected(made.error());
    }
    MPI_Comm_rank(neighbours, &world->local_rank_);
    MPI_Comm_free(&neighbours);
    std::array<char, MPI_MAX_PROCESSOR_NAME> text{};
    int length = 0;
    MPI_Get_processor_name(text.data(), &length);
    world->node_.assign(text.data(), static_cast<std::size_t>(length));
    return world;
}

MpiWorld::~MpiWorld() {
    MPI_Finalize();
}

void MpiWorld::tell_trouble(const RankTrouble& trouble) {
    aside_->words = trouble.words.substr(0, trouble_bytes_max);
    const int tag = trouble.out_of_memory ? memory_tag : failure_tag;
    const int size = static_cast<int>(aside_->words.size());
    // Goes out while the world ends: MPI_Finalize() works on, too.
    MPI_Isend(aside_->words.data(), size, MPI_BYTE, 0, tag, aside_->ranks, &aside_->sending);
}

std::optional<RankTrouble> MpiWorld::hear_trouble() {
    if (aside_->heard) return aside_->heard;
    int is_there = 0;
    MPI_Status status;
    MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, aside_->ranks, &is_there, &status);
    if (is_there == 0) return std::nullopt;
    int size = 0;
    MPI_Get_count(&status, MPI_BYTE, &size);
    std::string words(static_cast<std::size_t>(size), '\0');
    MPI_Recv(
        words.data(),
        size,
        MPI_BYTE,
        status.MPI_SOURCE,
        status.MPI_TAG,
        aside_->ranks,
        MPI_STATUS_IGNORE
    );
    return aside_->heard = RankTrouble{std::move(words), status.MPI_TAG == memory_tag};
}

std::string MpiWorld::version() {
    std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
    int length = 0;
    MPI_Get_library_version(text.data(), &length);
    return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace xorch
