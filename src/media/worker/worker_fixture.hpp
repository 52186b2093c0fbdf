// Runs the real sluice-worker on one job at a time. In test programs only.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "media/test_media.hpp"
#include "media/worker_protocol.hpp"

namespace sluice::test {

struct Outcome {
    std::vector<WorkerReport> reports;  // all, the last one ends the job

    const FailedReport* failed() const { return std::get_if<FailedReport>(&reports.back()); }
    const DoneReport* done() const { return std::get_if<DoneReport>(&reports.back()); }
};

class Worker : public ::testing::Test {
  protected:
    // One job, from a file of orders: the worker ends when that is read to its end.
    Outcome run(Category category, std::string_view declared, const std::string& input) {
        std::filesystem::remove_all(out_);
        std::filesystem::create_directories(out_);
        const JobOrder order{
            .job = {5},
            .media = {7},
            .category = category,
            .declared_type = std::string(declared),
            .input = input,
            .output_folder = out_,
        };
        write_file(folder_ / "orders", encode(order));
        const auto line = std::string(SLUICE_WORKER_PATH) + " <" + (folder_ / "orders") + " 2>" +
                          (folder_ / "log");
        Outcome outcome;
        std::istringstream lines(shell(line));
        for (std::string text; std::getline(lines, text);) {
            auto report = decode_report(text);
            EXPECT_TRUE(report) << text;
            outcome.reports.push_back(report.value_or(WorkerHello{}));
        }
        EXPECT_GE(outcome.reports.size(), 2U) << read_file(folder_ / "log");
        return outcome;
    }

    std::map<std::string, ProducedFile> files_of(const Outcome& outcome) {
        std::map<std::string, ProducedFile> files;
        if (outcome.done() == nullptr) {
            ADD_FAILURE(
            ) << (outcome.failed() != nullptr ? outcome.failed()->failure.message : "no end");
            return files;
        }
        auto all = outcome.done()->outputs;
        for (const auto& report : outcome.reports) {
            if (const auto* early = std::get_if<PlayableReport>(&report)) {
                all.insert(all.begin(), early->outputs.begin(), early->outputs.end());
            }
        }
        for (const auto& file : all) {
            EXPECT_EQ(std::filesystem::file_size(out_ + "/" + file.name), file.size.value);
            files[file.name] = file;
        }
        return files;
    }

    void expect_failure(const Outcome& outcome, std::string_view reason, std::string_view message) {
        ASSERT_NE(outcome.failed(), nullptr);
        EXPECT_EQ(outcome.failed()->failure.reason, reason);
        EXPECT_EQ(outcome.failed()->failure.message, message);
        EXPECT_FALSE(outcome.failed()->may_retry);
    }

    TempFolder folder_;
    std::string out_ = folder_ / "out";
};

}  // namespace sluice::test
