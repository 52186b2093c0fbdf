#include "protocol/delivery/endpoint.hpp"

#include <array>
#include <memory>
#include <utility>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "protocol/common/credentials.hpp"
#include "protocol/common/problem.hpp"
#include "protocol/common/url_signer.hpp"
#include "protocol/delivery/blob_source.hpp"
#include "protocol/delivery/links.hpp"
#include "protocol/delivery/range.hpp"

namespace sluice::protocol::delivery {
namespace {

using boost::asio::awaitable;
using http::Response;

// A redirection may be kept as long as its link is good for some time more. Credentials that end sooner
// make no link: the bytes come from here.
constexpr std::chrono::seconds link_valid{900}, link_valid_min{360};
constexpr const char* redirect_cache_rule = "private, max-age=300";

struct Located {
    Delivered file;
    std::optional<std::string> link;
};

Response refused(const Error& error, const http::Request& request) {
    auto response = problem_response(error, std::nullopt, request);
    response.route = "delivery.file";
    return response;
}

// ETags of If-None-Match, weak comparison (RFC 9110, 13.1.2).
bool mentions(std::string_view field, std::string_view etag) {
    return trim(field) == "*" || field.find(etag) != std::string_view::npos;
}

// A download's name: ASCII for everybody, the true one by RFC 8187.
std::string disposition(const Delivered& file) {
    if (file.file_name.empty()) {
        return "attachment";
    }
    return "attachment; filename=\"original\"; filename*=UTF-8''" + percent_encode(file.file_name);
}

std::string_view cache_rule(const Delivered& file, bool is_private) {
    if (file.is_original || is_private) {
        return "private, no-cache";
    }
    // What names others may name more of them later, and what is published early may be made again.
    return file.text || !file.is_final ? "public, no-cache" : "public, max-age=31536000, immutable";
}

// Players fetch from pages of other sites, without credentials: the URL is all that it takes.
void allow_other_sites(Response& response) {
    response.set("Access-Control-Allow-Origin", "*");
    response.set(
        "Access-Control-Expose-Headers", "Accept-Ranges, Content-Length, Content-Range, ETag"
    );
    response.set("Cross-Origin-Resource-Policy", "cross-origin");
}

void add_headers(
    Response& response, const Delivered& file, const std::string& etag, std::string_view cache
) {
    response.set("ETag", etag);
    if (!file.text) {
        response.set("Accept-Ranges", "bytes");
    }
    response.set("Last-Modified", http_date(file.changed_at));
    // Bytes of users never run as a page of ours, whatever a browser takes them for.
    response.set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'");
    response.set("Referrer-Policy", "no-referrer");
    response.set("Cache-Control", std::string(cache));
    if (file.is_original) {
        response.set("Content-Disposition", disposition(file));
    } else {
        allow_other_sites(response);
    }
}

bool is_unchanged(const http::Request& request, std::string_view etag) {
    const auto none_match = request.header("If-None-Match");
    return none_match && mentions(*none_match, etag);
}

// Whether the store has the bytes to give is known before the head says that they come: what this reads is
// kept for the answer.
awaitable<Response> begun(Response response, const http::Request& request) {
    std::array<std::byte, 1> first{};
    auto read = co_await response.source->read(first);
    if (!read) {
        co_return refused(read.error(), request);
    }
    response.source->unread(*read);
    co_return response;
}

Response refused_method(const http::Request& request) {
    auto response = refused({.code = ErrorCode::method_not_allowed}, request);
    response.set("Allow", "GET, HEAD, OPTIONS");
    return response;
}

// What a browser asks before a page of another site may send a Range.
Response preflight() {
    Response response;
    response.route = "delivery.file";
    response.status = 204;
    allow_other_sites(response);
    response.set("Access-Control-Allow-Methods", "GET, HEAD");
    response.set("Access-Control-Allow-Headers", "Range, If-None-Match, If-Range");
    response.set("Access-Control-Max-Age", "86400");
    return response;
}

}  // namespace

// A signed URL speaks for itself: for a reader without a name, who is nobody's owner.
Result<Principal> Endpoint::reader_of(const Exchange& exchange) const {
    const http::Request& request = exchange.request;
    if (context_.url_signer == nullptr || !UrlSigner::is_signed(request.raw_query)) {
        return authorize_for_owner(exchange, Scope::media_write);
    }
    if (auto checked = context_.url_signer->check(request.path, request.raw_query); !checked) {
        return std::move(checked).error();
    }
    return Principal{""};
}

// What a reader may fetch from the store itself: the whole of one blob, under a signed URL.
std::optional<std::string> Endpoint::link_to(const Delivered& file) const {
    const bool is_one = context_.redirects_to_storage && !file.text && file.layout.size() == 1 &&
                        file.layout.front().length == file.size;
    if (!is_one) {
        return std::nullopt;
    }
    return context_.uploads.blobs().link_to(
        file.layout.front(),
        {.content_type = file.content_type,
         .disposition = file.is_original ? disposition(file) : std::string(),
         .cache_control = std::string(cache_rule(file, context_.url_signer != nullptr)),
         .valid = link_valid,
         .valid_min = link_valid_min}
    );
}

Response Endpoint::redirect(
    const http::Request& request, const Delivered& file, const std::string& link
) const {
    const std::string etag = "\"" + file.tag + "\"";
    Response response;
    response.route = "delivery.file";
    add_headers(response, file, etag, redirect_cache_rule);
    if (is_unchanged(request, etag)) {
        response.status = 304;
        return response;
    }
    response.status = 302;
    response.set("Location", link);
    return response;
}

awaitable<Response> Endpoint::handle(Exchange& exchange, http::BodyReader& body) const {
    const http::Request& request = exchange.request;
    static_cast<void>(body);
    if (request.method == "OPTIONS") {
        co_return preflight();
    }
    if (request.method != "GET" && request.method != "HEAD") {
        co_return refused_method(request);
    }
    auto reader = reader_of(exchange);
    if (!reader) {
        co_return refused(reader.error(), request);
    }
    // Without keys, or with a signed URL, whoever it is.
    const bool for_all = reader->id.empty() || context_.url_signer == nullptr;
    const std::string_view rest =
        std::string_view(request.path).substr(std::string_view("/media/").size());
    const auto slash = rest.find('/');
    if (slash == std::string_view::npos) {
        co_return refused(
            {.code = ErrorCode::output_unknown, .facts = "The path is /media/{media_key}/{name}."},
            request
        );
    }
    auto work = [this,
                 reader = std::move(*reader),
                 for_all,
                 key = std::string(rest.substr(0, slash)),
                 name = std::string(rest.substr(slash + 1))] {
        auto found = context_.uploads.find_file(reader, key, name, for_all);
        return found ? Result<Located>(Located{*found, link_to(*found)}) : std::move(found).error();
    };
    // Playlists are read and links looked at, which for a store elsewhere is no quick read of rows.
    const bool is_far = context_.uploads.blobs().read_ahead().value > 0;
    auto& pool = is_far ? context_.bulk : context_.reads;
    auto file = co_await runtime::run_blocking(pool, std::move(work));
    if (!file) {
        co_return refused(file.error(), request);
    }
    if (file->link && request.method == "GET") {  // the link is good for GET alone
        co_return redirect(request, file->file, *file->link);
    }
    auto response = answer(request, std::move(file->file));
    if (is_far && response.source != nullptr && request.method == "GET") {
        co_return co_await begun(std::move(response), request);
    }
    co_return response;
}

Response Endpoint::answer_text(const http::Request& request, const Delivered& file) const {
    const auto folder = request.path.substr(0, request.path.rfind('/') + 1);
    Response response;
    response.route = "delivery.file";
    response.body =
        context_.url_signer == nullptr
            ? *file.text
            : with_signed_links(*file.text, folder, *context_.url_signer, file.is_of_subtitles);
    const auto etag = "\"" + sha256_hex(response.body).substr(0, 32) + "\"";
    add_headers(response, file, etag, cache_rule(file, context_.url_signer != nullptr));
    if (is_unchanged(request, etag)) {
        response.status = 304;
        response.body.clear();
        return response;
    }
    response.set("Content-Type", file.content_type);
    return response;
}

Response Endpoint::answer(const http::Request& request, Delivered file) const {
    if (file.text) {
        return answer_text(request, file);
    }
    const std::string etag = "\"" + file.tag + "\"";
    Response response;
    response.route = "delivery.file";
    add_headers(response, file, etag, cache_rule(file, context_.url_signer != nullptr));
    if (is_unchanged(request, etag)) {
        response.status = 304;
        return response;
    }
    response.set("Content-Type", file.content_type);
    const auto if_range = request.header("If-Range");
    // Of GET alone: RFC 9110, section 14.2.
    const bool may_be_partial = request.method == "GET" && (!if_range || *if_range == etag);
    const auto range =
        parse_range(may_be_partial ? request.header("Range").value_or("") : "", file.size.value);
    if (!range) {
        auto outside = refused(range.error(), request);
        outside.set("Content-Range", "bytes */" + std::to_string(file.size.value));
        return outside;
    }
    const std::optional<ByteRange>& wanted = *range;
    const std::uint64_t first = wanted ? wanted->first : 0;
    const std::uint64_t length = wanted ? wanted->last - wanted->first + 1 : file.size.value;
    if (wanted) {
        response.status = 206;
        response.set(
            "Content-Range",
            "bytes " + std::to_string(wanted->first) + "-" + std::to_string(wanted->last) + "/" +
                std::to_string(file.size.value)
        );
    }
    response.source = std::make_unique<BlobSource>(
        context_.uploads.blobs(), context_.bulk, std::move(file), first, length
    );
    return response;
}

}  // namespace sluice::protocol::delivery
