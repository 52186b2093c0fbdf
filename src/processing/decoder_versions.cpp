#include "processing/decoder_versions.hpp"

#include <chrono>

#include "base/text.hpp"
#include "processing/worker_process.hpp"

namespace sluice {
namespace {

constexpr std::chrono::seconds answer_max{10};

}  // namespace

Result<std::string> decoder_versions(const std::string& worker) {
    auto process = WorkerProcess::start(worker, {std::string(versions_argument)});
    if (!process) {
        return std::move(process).error();
    }
    const auto answer = process->text_to_the_end(answer_max);
    if (!answer) {
        return answer.error();
    }
    return printable(answer->substr(0, answer->find('\n')));
}

}  // namespace sluice
