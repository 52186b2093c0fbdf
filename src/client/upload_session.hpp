// One run of Uploader::upload, for the files of the uploader alone.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>

#include "client/stream_dialect.hpp"
#include "client/uploader.hpp"

namespace sluice::client {

struct Uploader::Session {
    const LocalFile& file;
    UploadSettings settings;
    std::unique_ptr<Dialect> dialect;
    // Of a resumable upload; the dialect is then for what is no part of it: STATUS, a text.
    std::unique_ptr<StreamDialect> stream;
    ResumeKey key;
    Caller caller;
    ResumeState state = {};
    bool was_resumed = false;
    bool is_at_sluice = true;  // or a resumable upload at a server that knows no media
    int beginnings = 0;

    SegmentPlan plan() const { return {.total = file.size(), .chunk_size = state.chunk_size}; }
    // Of the command, whatever else it uploads.
    std::optional<Milliseconds> time_left() {
        return settings.timeout
                   ? std::optional(std::max(*settings.timeout - caller.elapsed(), Milliseconds(0)))
                   : std::nullopt;
    }
    bool is_late() { return settings.timeout && caller.elapsed() >= *settings.timeout; }
};

}  // namespace sluice::client
