// Brings a file to the end of one resumable upload, piece after piece. Where the server stands it asks
// the server: after an interruption, and whenever the two disagree. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "client/caller.hpp"
#include "client/local_file.hpp"
#include "client/resume_store.hpp"
#include "client/stream_dialect.hpp"

namespace sluice::client {

class StreamSender {
  public:
    struct Parts {
        Caller& caller;
        const StreamDialect& dialect;
        const LocalFile& file;
        ResumeStore& store;
        const ResumeKey& key;
        // Asked before each piece and each further try.
        std::function<bool()> is_late;
    };

    StreamSender(Parts parts, ResumeState& state) : parts_(std::move(parts)), state_(state) {}

    // A new upload; the state has its URL, and is saved.
    Outcome<void> create(const InitFacts& facts);
    // One that is there already.
    Outcome<void> look();
    // The rest of the file. Returns when the server has it, or with the failure that no further try
    // would mend: also, before the next piece, that the file has changed (file_changed).
    Outcome<void> send();

    std::uint64_t offset() const { return offset_; }
    // Whether it stopped because the time was over.
    bool was_late() const { return was_late_; }
    // Whether the server is Sluice, and so tells what becomes of the upload.
    bool is_at_sluice() const { return is_at_sluice_; }

  private:
    bool is_done() const;
    // One piece, or a look at where the server stands.
    Outcome<void> step(bool may_look);
    Outcome<void> send_piece();
    void take(const HttpAnswer& answer);
    bool goes_on();

    Parts parts_;
    ResumeState& state_;
    std::uint64_t offset_ = 0;
    std::uint32_t pieces_ = 0;
    std::optional<std::uint64_t> piece_max_;  // by the server's word
    bool is_complete_ = false;
    bool was_late_ = false;
    bool is_at_sluice_ = false;
};

}  // namespace sluice::client
