// Receives a request whose media may stand anywhere among its parameters: query, urlencoded,
// multipart or JSON body. Small values become parameters; the media goes straight to storage,
// decoded from base64 where that is how it came. Bounded memory whatever comes.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/body_reader.hpp"
#include "protocol/common/context.hpp"
#include "protocol/common/exchange.hpp"
#include "protocol/common/parameters.hpp"

namespace sluice::protocol {

// A part that carried a file and is not "media".
struct OtherFile {
    std::string name;
    ByteCount length;
};

struct ReceivedForm {
    Parameters parameters;
    std::optional<Incoming> media;  // absent, or with a length of 0 if the part was empty
    // What is wrong with the media itself. The command, or a parameter behind the media, may be the
    // first cause, so the caller looks at this last.
    Rare<Error> media_refusal;
    Rare<Error> media_twice;
    std::string_view media_name;  // "media" or "media_data"
    std::string file_name;        // of the media's part, as the client said
    std::string part_type;        // Content-Type of the media's part
    Rare<OtherFile> other_file;
    Rare<std::string> body_md5;  // of the whole body, if the request has a Content-MD5
    bool has_media() const { return media.has_value() || media_refusal.has_value(); }
};

struct OpenedMedia {
    Incoming incoming;
    // The call and all that names its segment came before the media: what is wrong with the media
    // may be said at once.
    bool is_named = false;
};

// Opens the place for the media when its first byte is in sight. The parameters are those seen so
// far; the length is what the rest of the body promises, nothing if it does not tell. Runs on the
// blocking pool.
using OpenMedia = std::function<
    Result<OpenedMedia>(const Parameters& seen, std::optional<ByteCount> length_expected)>;

// On the heap: the frames of all who wait for a body would have room for it.
using ReceivedFormPtr = std::unique_ptr<ReceivedForm>;

// All of a call that has neither a body nor media in its query; null: receive_form() is to be asked.
// Errors: those of the query.
Result<ReceivedFormPtr> receive_query(Exchange& exchange);

// `already`: parameters known before the body (path, query). Errors: those of the parsers, the
// body, `open` and Incoming.
boost::asio::awaitable<Result<ReceivedFormPtr>> receive_form(
    const Context& context,
    Exchange& exchange,
    http::BodyReader& body,
    Parameters already,
    OpenMedia open
);

}  // namespace sluice::protocol
