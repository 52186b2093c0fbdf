#include "protocol/rufh/feed.hpp"

#include <algorithm>
#include <utility>

#include "protocol/common/rate_gate.hpp"
#include "protocol/common/receive_stream.hpp"
#include "protocol/rufh/digests.hpp"
#include "runtime/run_blocking.hpp"

namespace sluice::protocol::rufh {
namespace {

using boost::asio::awaitable;
using runtime::run_blocking;

// Progress of a body, to a client that understands it.
class Interim final : public StreamListener {
  public:
    Interim(http::BodyReader& body, std::string version)
        : body_(body), version_(std::move(version)) {}

    awaitable<void> stored(ByteCount offset) override {
        co_await body_.send_interim(
            interim_status, "Upload-Offset: " + std::to_string(offset.value) + "\r\n" + version_
        );
    }

  private:
    http::BodyReader& body_;
    const std::string version_;
};

Result<Fed> complete(const Context& context, const Upload& upload, std::string_view wanted_digest) {
    if (upload.state != UploadState::open) {
        return Fed{upload, {}};  // said again: it was judged when it was completed
    }
    if (upload.stream.length_known && upload.received != upload.total) {
        return Error{
            .code = ErrorCode::length_invalid,
            .facts = "The request is to be the last one, and ends at " +
                     std::to_string(upload.received.value) + "; the upload has a length of " +
                     std::to_string(upload.total.value) + ".",
            .media_id = upload.id.value,
        };
    }
    auto expected = Digests::parse(upload.stream.told);
    if (!expected) {
        return std::move(expected).error();
    }
    const auto told = Digests::wanted(wanted_digest);
    const auto read = context.streams->read(upload.owner, upload.id, [&](auto bytes) {
        if (*expected) {
            (**expected).update(bytes);
        }
        if (told) {
            told->update(bytes);
        }
    });
    if (!read) {
        return read.error();
    }
    auto verified = *expected ? (**expected).verify() : ok();
    if (!verified) {
        static_cast<void>(context.streams->cancel(upload.owner, upload.id));
        verified.error().code = ErrorCode::digest_mismatch;
        return std::move(verified).error();
    }
    if (told) {
        static_cast<void>(told->verify());
    }
    auto append = context.streams->begin({
        .owner = upload.owner,
        .id = upload.id,
        .at = upload.received,
        .length = ByteCount{},
        .is_last = true,
    });
    auto ended = append ? context.streams->finish(*std::move(append)) : append.error();
    return ended ? Result<Fed>(Fed{*std::move(ended), told ? told->told() : ""})
                 : std::move(ended).error();
}

}  // namespace

bool speaks_interim(const Context& context, const Fields& fields) {
    const auto& known = context.rufh;
    return fields.interop
               ? std::ranges::find(known.versions, *fields.interop) != known.versions.end()
               : known.without_version;
}

std::string version_line(const Fields& fields) {
    return fields.interop
               ? "Upload-Draft-Interop-Version: " + std::to_string(*fields.interop) + "\r\n"
               : "";
}

// The bytes of this request behind those that are there.
awaitable<Result<Fed>> feed(
    const Context& context,
    Exchange& exchange,
    AppendToStream wanted,
    const Fields& fields,
    http::BodyReader& body
) {
    const http::Request& request = exchange.request;
    auto check = Digests::parse(request.header("Content-Digest").value_or(""));
    if (!check) {
        co_return std::move(check).error();
    }
    const RateGate gate(context, exchange);
    wanted.admission = exchange.call == "PATCH" ? &gate : nullptr;
    wanted.is_last = fields.is_complete;
    wanted.length = fields.body;
    wanted.total = fields.length;
    auto begun = co_await run_blocking(context.bulk, [&context, &wanted] {
        return context.streams->begin(wanted);
    });
    if (!begun) {
        co_return std::move(begun).error();
    }
    // A digest of all is looked at between the last byte and the end.
    const std::string digest = begun->upload().stream.told;
    const std::string asked(request.header("Want-Repr-Digest").value_or(""));
    const bool is_judged = *wanted.is_last && (!digest.empty() || !asked.empty());
    if (is_judged) {
        begun->is_cut();
    }
    Interim interim(body, version_line(fields));
    auto now = co_await receive_stream(
        context,
        *std::move(begun),
        body,
        *std::move(check),
        speaks_interim(context, fields) ? &interim : nullptr
    );
    exchange.media_bytes = ByteCount{body.received()};
    if (!now) {
        co_return std::move(now).error();
    }
    if (!is_judged) {
        co_return Fed{*std::move(now), {}};
    }
    co_return co_await run_blocking(context.bulk, [&context, &now, &asked] {
        return complete(context, *now, asked);
    });
}

}  // namespace sluice::protocol::rufh
