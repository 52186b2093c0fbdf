// An upload as JSON lines on stdout: {"v":1,"type":…,"time":…,"file":…,"id":…}; the last one is
// `ready` or `failed`. Progress comes at most once a second. One reporter per file; used under the
// uploader's lock.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "base/json_writer.hpp"
#include "client/event.hpp"

namespace sluice::cli {

class JsonReporter final : public client::Observer {
  public:
    // `size_bytes`: of the file. Quiet: only the last object.
    JsonReporter(std::ostream& out, std::string file, std::uint64_t size_bytes, bool is_quiet);

    void on(const client::Event& event) override;

  private:
    void write(const client::Event& event, const client::Started& started);
    void write(const client::Event& event, const client::Called& call);
    void write(const client::Event& event, const client::Acknowledged& acknowledged);
    void write(const client::Event& event, const client::Retrying& retry);
    void write(const client::Event& event, const client::Sent& sent);
    void write(const client::Event& event, const client::StatusKnown& status);
    void write(const client::Event& event, const client::Ready& ready);
    void write(const client::Event& event, const client::Failed& failed);
    JsonWriter begin(const client::Event& event, const char* type) const;
    void finish(JsonWriter& json, bool is_last = false);

    std::ostream& out_;
    std::string file_;
    std::uint64_t size_bytes_;
    bool is_quiet_;
    client::Milliseconds next_progress_{0};
};

// The members media_id, state, size_bytes, outputs of an open object.
void write_result(JsonWriter& json, const client::UploadResult& result);

// The member outputs of an open object.
void write_outputs(JsonWriter& json, const std::vector<client::Output>& outputs);

// The members of an error, as the API has them, of an open object.
void write_failure(JsonWriter& json, const client::Failure& failure);

// Writes a failed object for what never became an upload.
void print_json_failure(std::ostream& out, std::string_view file, const client::Failure& failure);

// An object begun with v, type, time.
JsonWriter begin_json(const char* type);

}  // namespace sluice::cli
