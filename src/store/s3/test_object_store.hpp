// TestObjectStore: a real S3 store (Ceph RGW) of the tests' own, started by tests/support/object_store.sh
// on free ports of the loopback in a temporary folder, ended with its owner.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "store/s3/s3_blob_store.hpp"
#include "store/temporary_folder.hpp"

namespace sluice {

class TestObjectStore {
  public:
    // The one of this program, started at the first call.
    static TestObjectStore& shared();

    TestObjectStore();
    TestObjectStore(const TestObjectStore&) = delete;
    TestObjectStore& operator=(const TestObjectStore&) = delete;
    ~TestObjectStore();

    // For --storage: a prefix of its own in the bucket.
    std::string make_url();
    std::string endpoint() const;

  private:
    TemporaryFolder folder_;
    int port_ = 0;
    pid_t rig_ = 0;
    int input_ = -1;
    int prefixes_ = 0;
};

// Opened, with small pieces: what is longer than 5 MiB comes in parts.
std::unique_ptr<S3BlobStore> open_s3(const std::string& url, const std::string& scratch);

}  // namespace sluice
