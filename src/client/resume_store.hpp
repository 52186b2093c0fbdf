// Where the client remembers uploads that are under way, so that the same command run again
// continues. FileResumeStore keeps one small file per upload (mode 0600, replaced atomically);
// tests may keep them in memory. Not thread-safe: the uploader calls it under its own lock. A state
// that cannot be read is no state; nothing here stops an upload.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>

namespace sluice::client {

struct ResumeKey {
    std::string path;
    std::uint64_t size = 0;
    std::int64_t modified_ns = 0;
    std::string target;    // the server's URL
    std::string protocol;  // x1, x2, tus, rufh
};

struct ResumeState {
    std::string media_id;
    std::uint64_t chunk_size = 0;
    std::set<std::uint32_t> acknowledged;
    // What INIT was told; another type or category needs an upload of its own.
    std::string media_type;
    std::string category;
    // Of a resumable upload, which is told by its URL; the server knows how far it came.
    std::string url = {};

    bool operator==(const ResumeState&) const = default;
};

class ResumeStore {
  public:
    virtual ~ResumeStore() = default;
    virtual std::optional<ResumeState> load(const ResumeKey& key) = 0;
    // False if the state could not be written.
    virtual bool save(const ResumeKey& key, const ResumeState& state) = 0;
    virtual void erase(const ResumeKey& key) = 0;
};

class FileResumeStore final : public ResumeStore {
  public:
    explicit FileResumeStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

    std::optional<ResumeState> load(const ResumeKey& key) override;
    bool save(const ResumeKey& key, const ResumeState& state) override;
    void erase(const ResumeKey& key) override;

  private:
    std::filesystem::path file_of(const ResumeKey& key) const;

    std::filesystem::path folder_;
};

}  // namespace sluice::client
