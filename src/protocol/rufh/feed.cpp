#include "protocol/rufh/feed.hpp"

#include <algorithm>
#include <utility>

#include "protocol/common/rate_gate.hpp"
#include "protocol/common/receive_stream.hpp"
#include "protocol/common/unannounced_trailer.hpp"
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

// What is looked at between the last byte and the end: digests of all.
struct Whole {
    std::unique_ptr<Digests> expected;
    std::unique_ptr<Digests> told;  // somebody asked for it
    bool is_behind = false;         // it is expected, and comes behind the body

    bool is_nothing() const { return !expected && !told && !is_behind; }
};

// An upload that another protocol made was told other things.
std::string repr_digest_of(const Upload& upload) {
    return upload.protocol == protocol_name ? upload.stream.told : "";
}

Result<Whole> whole_of(const Exchange& exchange, const Upload& upload) {
    const http::Request& request = exchange.request;
    auto expected = Digests::parse(repr_digest_of(upload));
    if (!expected) {
        return std::move(expected).error();
    }
    // Of the whole file it speaks where the whole file comes with its creation.
    const bool is_behind = exchange.call == "CREATE" && announces_trailer(request, "Repr-Digest");
    return Whole{
        *std::move(expected), Digests::wanted(request.joined("Want-Repr-Digest")), is_behind
    };
}

// The file has been read to its end, and so has the body. Errors: checksum_invalid.
Result<void> take_trailer(Whole& whole, const http::BodyReader& body) {
    const auto field = body.trailer("Repr-Digest");
    auto behind = Digests::parse(field.value_or(""));
    if (!behind) {
        return std::move(behind).error();
    }
    if (!field && !whole.expected) {
        return Error{
            .code = ErrorCode::checksum_invalid,
            .facts = "Trailer announces a Repr-Digest behind the body; none came.",
        };
    }
    if (*behind && whole.expected) {
        return whole.expected->also(**behind);
    }
    if (*behind) {
        whole.expected = *std::move(behind);
    }
    return ok();
}

// Reads all of it, if there is anything to look for. Errors: digest_mismatch: the upload is gone.
Result<void> judge(const Context& context, const Upload& upload, const Whole& whole) {
    if (!whole.expected && !whole.told) {
        return ok();
    }
    auto read = context.streams->read(upload.owner, upload.id, [&](auto bytes) {
        if (whole.expected) {
            whole.expected->update(bytes);
        }
        if (whole.told) {
            whole.told->update(bytes);
        }
    });
    if (!read) {
        return read;
    }
    auto verified = whole.expected ? whole.expected->verify() : ok();
    if (!verified) {
        static_cast<void>(context.streams->cancel_open(upload.owner, upload.id));
        verified.error().code = ErrorCode::digest_mismatch;
        return verified;
    }
    return whole.told ? whole.told->verify() : ok();
}

// The same answer once more; it was judged when it was completed. Nothing: the original may be gone.
std::string told_again(const Context& context, const Upload& upload, Digests* told) {
    const auto read =
        told == nullptr ? ok() : context.streams->read(upload.owner, upload.id, [told](auto bytes) {
            told->update(bytes);
        });
    return told != nullptr && read && told->verify() ? told->told() : "";
}

Result<Fed> complete(const Context& context, const Upload& upload, const Whole& whole) {
    if (upload.state != UploadState::open) {
        return Fed{upload, told_again(context, upload, whole.told.get())};
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
    if (auto fitting = judge(context, upload, whole); !fitting) {
        return std::move(fitting).error();
    }
    auto append = context.streams->begin({
        .owner = upload.owner,
        .id = upload.id,
        .at = upload.received,
        .length = ByteCount{},
        .is_last = true,
    });
    auto ended = append ? context.streams->finish(*std::move(append)) : append.error();
    return ended ? Result<Fed>(Fed{*std::move(ended), whole.told ? whole.told->told() : ""})
                 : std::move(ended).error();
}

}  // namespace

awaitable<Fed> fed_before(const Context& context, const http::Request& request, Upload upload) {
    const auto told = Digests::wanted(request.joined("Want-Repr-Digest"));
    auto digest = co_await run_blocking(context.bulk, [&context, &upload, &told] {
        return told_again(context, upload, told.get());
    });
    co_return Fed{std::move(upload), std::move(digest)};
}

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
    auto digests = Digests::of_content(request, body);
    if (!digests) {
        co_return std::move(digests).error();
    }
    std::unique_ptr<BodyCheck> check = *std::move(digests);
    if (!check) {
        check = UnannouncedTrailer::of(request, body, {"Content-Digest", "Repr-Digest"});
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
    auto whole = whole_of(exchange, begun->upload());
    if (!whole) {
        co_return std::move(whole).error();
    }
    const bool is_judged = *wanted.is_last && !whole->is_nothing();
    if (is_judged) {
        begun->is_cut();
    }
    Interim interim(body, version_line(fields));
    auto now = co_await receive_stream(
        context,
        *std::move(begun),
        body,
        std::move(check),
        speaks_interim(context, fields) ? &interim : nullptr
    );
    exchange.media_bytes = ByteCount{body.received()};
    if (!now) {
        co_return std::move(now).error();
    }
    if (!is_judged) {
        co_return Fed{*std::move(now), {}};
    }
    if (auto taken = whole->is_behind ? take_trailer(*whole, body) : ok(); !taken) {
        co_return std::move(taken).error();
    }
    co_return co_await run_blocking(context.bulk, [&context, &now, &whole] {
        return complete(context, *now, *whole);
    });
}

}  // namespace sluice::protocol::rufh
