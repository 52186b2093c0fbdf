#include "processing/sandbox_check.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>

#include "processing/worker_process.hpp"

namespace sluice {
namespace {

constexpr std::chrono::seconds answer_max{30};

// A file that a decoder has no business with.
class Canary {
  public:
    explicit Canary(const std::string& folder) : path_(folder + "/canary") {
        std::error_code ignored;  // the file below fails then
        std::filesystem::create_directories(folder, ignored);
        std::ofstream(path_) << "no decoder reads this\n";
    }
    Canary(const Canary&) = delete;
    Canary& operator=(const Canary&) = delete;
    ~Canary() {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

}  // namespace

Result<SandboxFacts> check_sandbox(const std::string& worker, const std::string& folder) {
    const Canary canary(folder);
    auto process = WorkerProcess::start(worker, {std::string(self_test_argument), canary.path()});
    if (!process) {
        return std::move(process).error();
    }
    const auto answer = process->text_to_the_end(answer_max);
    if (!answer) {
        return answer.error();
    }
    const auto facts = decode_sandbox_facts(*answer);
    if (!facts) {
        return Error{.code = ErrorCode::internal, .detail = "the worker's self-test told nothing"};
    }
    return *facts;
}

}  // namespace sluice
