// StreamModel: what the clients of a history know of one upload that comes as a stream: what each request
// sent and where, how far it was told to be, who took it over. Each request has bytes of its own, so that it
// can be told whose stand there. Values.
#pragma once

#include <cstdint>
#include <vector>

#include "core/upload.hpp"
#include "model.hpp"

namespace sluice::simulation {

struct StreamModel {
    // What one request asked to be stored in one go: all of it stands, or none.
    struct Piece {
        std::uint64_t at = 0;
        std::vector<std::byte> bytes;
        Wish wish;
    };

    MediaId id;
    Principal owner;
    UploadKind kind = UploadKind::stream;
    std::uint64_t total = 0;     // what it is to become
    bool is_deferred = false;    // its length is told with its last bytes
    bool ends_by_word = false;   // as RUFH has it: complete when a request says so
    WallTime expires_at;         // not before
    std::vector<MediaId> parts;  // of a joined one
    std::vector<std::byte> joined;

    std::vector<Piece> sent;
    std::uint64_t told = 0;  // an offset that some answer named: it never falls
    bool is_complete = false;
    Wish cancel;
    bool is_abandoned = false;

    int running = 0;          // requests that are under way
    std::uint64_t asked = 0;  // counts requests that asked to append, and those that were let
    std::uint64_t begun =
        0;  // when the last one asked that was let: all that were let before are over

    // A loss that relaxed durability allows: the last bytes of a part promise no more than others.
    void doubt_all() {
        told = 0;
        is_complete = is_complete && kind != UploadKind::part;
        for (Piece& piece : sent) {
            doubt(std::span(&piece.wish, 1));
        }
    }
};

}  // namespace sluice::simulation
