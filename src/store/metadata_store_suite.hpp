// The suite that every MetadataStore passes. A test program of an engine instantiates it with a
// factory:
//   INSTANTIATE_TEST_SUITE_P(Memory, MetadataStoreSuite, testing::Values(factory), …);
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "store/metadata_store.hpp"

namespace sluice {

// A store made for one test; whatever it lives in (a temporary folder) goes with it.
struct MetadataStoreUnderTest {
    virtual ~MetadataStoreUnderTest() = default;
    virtual MetadataStore& store() = 0;
    // So much time passes for what the engine judges by a clock of its own.
    virtual void pass([[maybe_unused]] std::chrono::milliseconds time) {}
};
using MetadataStoreFactory = std::function<std::unique_ptr<MetadataStoreUnderTest>()>;

class MetadataStoreSuite : public testing::TestWithParam<MetadataStoreFactory> {
  protected:
    MetadataStore& store() { return under_test_->store(); }

    // An open upload of alice's with 100 bytes announced, in the store.
    Upload created(std::uint64_t id, std::uint64_t total = 100);
    // The same, sealed with one segment and queued with a job of the same number.
    Upload queued(std::uint64_t id, WallTime run_at);
    Upload queued(const NewJob& job);
    LeasedJob claimed(const std::string& holder);
    // So long after store_test_now, for the engine too; never back.
    WallTime after(std::chrono::milliseconds time);
    Upload stored(std::uint64_t id);
    std::uint64_t begun(Lane lane, WallTime now, const std::string& holder = "s");
    void a_server_died();
    LeasedJob last_;  // what begun() returned

  private:
    std::unique_ptr<MetadataStoreUnderTest> under_test_ = GetParam()();
    std::chrono::milliseconds passed_{0};
};

// Values for tests of stores.
inline constexpr WallTime store_test_now{std::chrono::milliseconds{1'790'000'000'000}};
inline const Content test_content{
    .media_type = "video/mp4",
    .width = 1280,
    .height = 720,
    .conversions = "FrameRate Found 120.\n",
    .probed = "frames 12\n"
};
inline Principal alice() {
    return {"token:alice"};
}
inline Principal bob() {
    return {"token:bob"};
}
Upload open_upload(std::uint64_t id, std::uint64_t total = 100);
// `length` bytes at index x length in the upload's own blob.
Segment segment_of(std::uint64_t id, std::uint16_t index, std::uint64_t length);
NewJob job_of(std::uint64_t id, WallTime run_at);
Output output_of(std::uint64_t blob, const std::string& name);

template <class T>
ErrorCode code_of(const Result<T>& result) {
    return result ? ErrorCode::internal : result.error().code;
}

}  // namespace sluice
