#include "protocol/common/receive_form.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "http/body_look.hpp"
#include "http/form_parser.hpp"
#include "protocol/common/media_sink.hpp"
#include "protocol/common/upload_parameters.hpp"

namespace sluice::protocol {
namespace {

using boost::asio::awaitable;
using http::FormEvent;

// A parameter that is no media: alt texts and JSON of metadata are the longest.
constexpr std::size_t value_bytes_max = 64 * 1024;
// Of all of them together.
constexpr std::size_t values_bytes_max = 512 * 1024;
// A list may come as one part for each entry, and far too many entries are to be told as that.
constexpr std::size_t form_parts_max = 1200;
// What the inspector keeps of a part.
constexpr std::size_t part_start_bytes = 256;

// Eight hexadecimal digits.
std::string hex8(std::uint32_t number) {
    std::string digits(8, '0');
    for (std::size_t i = digits.size(); i-- > 0; number >>= 4) {
        digits[i] = "0123456789abcdef"[number & 15];
    }
    return digits;
}

bool is_media(const std::string& name) {
    return name == "media" || name == "media_data";
}

// X's clients also send base64 in "media", when the body is not multipart or its part says so
// (reference 8.2).
bool is_base64(const http::PartHead& head, bool is_multipart) {
    return head.name == "media_data" || !is_multipart || head.transfer_encoding == "base64";
}

// What follows the media in a multipart body if it is the last part: CRLF "--" boundary "--" CRLF.
std::uint64_t closing_length(std::string_view content_type) {
    const std::string lower = lower_case(content_type);
    const auto at = lower.find("boundary=");
    if (at == std::string::npos) {
        return 0;
    }
    const std::string_view value = content_type.substr(at + 9);
    const bool is_quoted = value.starts_with('"');
    const auto end = is_quoted ? value.find('"', 1) : value.find_first_of(";, ");
    const std::size_t length = std::min(end, value.size()) - (is_quoted ? 1 : 0);
    return length + 8;
}

// The largest media as base64 with "+" and "/" percent-encoded, and room for other parameters.
std::uint64_t body_max(const UploadLimits& limits) {
    return std::max(limits.segment_bytes_max, limits.one_shot_bytes_max).value * 4 + (1 << 20);
}

Error body_too_large(std::string came, const UploadLimits& limits) {
    return {
        .code = ErrorCode::body_too_large,
        .facts = std::move(came) + "; no call takes more than " + std::to_string(body_max(limits)) +
                 ", and one segment at most " + std::to_string(limits.segment_bytes_max.value) +
                 ".",
    };
}

// A part that carries the media under another name.
bool is_misnamed_media(std::string_view name) {
    static constexpr std::array<std::string_view, 14> names{
        "file",
        "files",
        "file[]",
        "media[]",
        "media_data[]",
        "data",
        "image",
        "video",
        "upload",
        "photo",
        "attachment",
        "mediaData",
        "media_file",
        "blob",
    };
    return std::ranges::find(names, name) != names.end();
}

// Text parts with a file name exist (python-twitter): only what says it is binary is a file.
bool is_file(const http::PartHead& head) {
    const std::string_view type = head.content_type;
    return head.file_name && (type.starts_with("image/") || type.starts_with("video/") ||
                              type == "application/octet-stream");
}

class FormReception {
  public:
    FormReception(
        const Context& context,
        Exchange& exchange,
        http::BodyReader& body,
        Parameters already,
        OpenMedia open
    )
        : context_(context),
          exchange_(exchange),
          content_type_(exchange.request.header("Content-Type").value_or("")),
          body_(body),
          buffer_(context.buffers.take()),
          sink_(context, form_, std::move(open)) {
        form_.parameters = std::move(already);
        if (exchange.request.header("Content-MD5")) {
            md5_.emplace();
        }
    }

    awaitable<Result<ReceivedForm>> run() {
        auto parser = http::make_form_parser(content_type_, {.parts_max = form_parts_max});
        if (!parser && parser.error().code != ErrorCode::multipart_boundary) {
            co_return std::move(parser).error();
        }
        if (auto looked = co_await look(); !looked) {
            co_return std::move(looked).error();
        }
        if (!parser) {
            co_return http::explained(std::move(parser).error(), content_type_, start());
        }
        parser_ = std::move(parser).value();
        if (auto wrong = http::mislabelled(content_type_, start())) {
            co_return std::move(*wrong);
        }
        auto read = co_await read_form();
        note_call(exchange_, form_.parameters);
        if (!read) {
            co_return http::explained(std::move(read).error(), content_type_, start());
        }
        if (md5_) {
            form_.body_md5 = md5_->finish_hex();
        }
        co_return std::move(form_);
    }

  private:
    // Enough of the body to see what it is.
    awaitable<Result<void>> look() {
        do {
            if (auto filled = co_await fill(); !filled) {
                co_return filled;
            }
        } while (filled_ < http::body_look_bytes && !is_last_);
        const auto seen = buffer_.bytes().first(std::min(filled_, http::body_look_bytes));
        start_.assign(seen.begin(), seen.end());
        co_return ok();
    }

    std::span<const std::byte> start() const { return start_; }

    awaitable<Result<void>> read_form() {
        while (!is_done_) {
            if (auto parsed = co_await parse(); !parsed || is_done_) {
                co_return parsed;
            }
            if (auto filled = co_await fill(); !filled) {
                co_return filled;
            }
        }
        co_return ok();
    }

    // Reads until the buffer is full or the body ends; outside of media just once, so that a wrong
    // call is refused early.
    awaitable<Result<void>> fill() {
        const auto space = buffer_.bytes();
        do {
            auto got = co_await body_.read_some(space.subspan(filled_));
            if (!got) {
                co_return std::move(got).error();
            }
            if (auto admitted = admit_length(); !admitted) {
                co_return admitted;
            }
            if (md5_) {
                md5_->update(space.subspan(filled_, *got));
            }
            filled_ += *got;
            sink_.beat();
            is_last_ = *got == 0 || body_.remaining() == std::uint64_t{0};
        } while (!is_last_ && is_media_open_ && filled_ < space.size());
        co_return ok();
    }

    // A chunked body tells its length only by coming.
    Result<void> admit_length() const {
        const UploadLimits& limits = context_.uploads.limits();
        return body_.received() > body_max(limits)
                   ? body_too_large(
                         "At least " + std::to_string(body_.received()) + " bytes came", limits
                     )
                   : ok();
    }

    awaitable<Result<void>> parse() {
        std::span<const std::byte> input = buffer_.bytes().first(filled_);
        for (;;) {
            auto event = parser_->next(input, is_last_);
            if (!event) {
                co_return std::move(event).error();
            }
            if (event->kind == FormEvent::Kind::need_more) {
                co_return keep(input);
            }
            if (event->kind == FormEvent::Kind::done) {
                is_done_ = true;
                co_return co_await drain();
            }
            if (auto handled = co_await handle(*event, input.size()); !handled) {
                co_return handled;
            }
        }
    }

    Result<void> keep(std::span<const std::byte> rest) {
        if (is_last_ || rest.size() == buffer_.bytes().size()) {
            return Error{
                .code = ErrorCode::body_truncated,
                .facts = "The form ends inside of a part, after " +
                         std::to_string(body_.received()) + " bytes."
            };
        }
        std::memmove(buffer_.bytes().data(), rest.data(), rest.size());
        filled_ = rest.size();
        return ok();
    }

    // What follows the end of the form (an epilogue) is read and dropped, so that the connection
    // stays in step.
    awaitable<Result<void>> drain() {
        while (!is_last_) {
            auto got = co_await body_.read_some(buffer_.bytes());
            if (!got) {
                co_return std::move(got).error();
            }
            if (auto admitted = admit_length(); !admitted) {
                co_return admitted;
            }
            if (md5_) {
                md5_->update(buffer_.bytes().first(*got));
            }
            is_last_ = *got == 0;
        }
        co_return ok();
    }

    awaitable<Result<void>> handle(const FormEvent& event, std::size_t unparsed) {
        switch (event.kind) {
            case FormEvent::Kind::part_begin:
                co_return co_await begin_part(unparsed);
            case FormEvent::Kind::part_data:
                co_return co_await take_data(event.data);
            case FormEvent::Kind::part_end:
                co_return co_await end_part();
            default:
                co_return ok();
        }
    }

    awaitable<Result<void>> begin_part(std::size_t unparsed) {
        const http::PartHead& head = parser_->head();
        value_.clear();
        note_part(head);
        is_media_open_ = is_media(head.name);
        is_ignored_ = !is_media_open_ && (is_misnamed_media(head.name) || is_file(head));
        if (is_ignored_) {
            form_.other_file = head.name;
            form_.other_length = {};
        }
        if (!is_media_open_) {
            co_return ok();
        }
        const bool is_text = is_base64(head, parser_->is_multipart());
        co_return co_await sink_.begin(head, is_text, expected_length(unparsed));
    }

    std::optional<ByteCount> expected_length(std::size_t unparsed) const {
        const auto remaining = body_.remaining();
        if (!remaining || !parser_->is_multipart()) {
            return std::nullopt;
        }
        const std::uint64_t rest = *remaining + unparsed;
        return ByteCount{rest - std::min(rest, closing_length(content_type_))};
    }

    void note_part(const http::PartHead& head) {
        if (exchange_.wants_parts) {
            exchange_.parts.push_back({
                .name = head.name,
                .place = "body",
                .file_name = head.file_name.value_or(""),
                .content_type = head.content_type,
            });
        }
    }

    // The length as it came, and the first bytes; in the middle of the request nothing is hashed.
    void note_data(std::span<const std::byte> data) {
        if (!exchange_.wants_parts) {
            return;
        }
        ReceivedPart& part = exchange_.parts.back();
        part.length.value += data.size();
        const std::size_t kept = std::min(data.size(), part_start_bytes - part.start.size());
        part.start.append(reinterpret_cast<const char*>(data.data()), kept);
    }

    void note_checksum() {
        if (exchange_.wants_parts && form_.media) {
            exchange_.parts.back().crc32c = hex8(form_.media->crc());
        }
    }

    awaitable<Result<void>> take_data(std::span<const std::byte> data) {
        note_data(data);
        if (is_media_open_) {
            co_return co_await sink_.take(data);
        }
        if (is_ignored_) {
            form_.other_length.value += data.size();
            co_return ok();
        }
        co_return take_value(data);
    }

    Result<void> take_value(std::span<const std::byte> data) {
        if (value_.size() + data.size() > value_bytes_max) {
            return Error{
                .code = ErrorCode::parameter_invalid,
                .facts = "The value of \"" + printable(parser_->head().name) + "\" has more than " +
                         std::to_string(value_bytes_max) + " bytes.",
            };
        }
        values_length_ += data.size();
        if (values_length_ > values_bytes_max) {
            return Error{
                .code = ErrorCode::too_many_fields,
                .facts = "The parameters beside the media have more than " +
                         std::to_string(values_bytes_max) + " bytes.",
            };
        }
        value_.append(reinterpret_cast<const char*>(data.data()), data.size());
        return ok();
    }

    std::string_view place() const {
        if (parser_->is_multipart()) {
            return "multipart body";
        }
        return http::look_of(start()) == http::BodyLook::json ? "JSON body" : "form body";
    }

    awaitable<Result<void>> end_part() {
        if (is_media_open_) {
            is_media_open_ = false;
            auto ended = co_await sink_.end();
            note_checksum();
            co_return ended;
        }
        co_return is_ignored_ ? ok() : form_.parameters.add(parser_->head().name, value_, place());
    }

    const Context& context_;
    Exchange& exchange_;
    std::string content_type_;
    http::BodyReader& body_;
    BufferPool::Buffer buffer_;
    std::unique_ptr<http::FormParser> parser_;
    ReceivedForm form_;
    MediaSink sink_;
    std::optional<Md5> md5_;
    std::vector<std::byte> start_;
    std::string value_;
    std::size_t values_length_ = 0;
    std::size_t filled_ = 0;
    bool is_media_open_ = false;
    bool is_ignored_ = false;
    bool is_last_ = false;
    bool is_done_ = false;
};

awaitable<Result<ReceivedForm>> receive_body(
    const Context& context,
    Exchange& exchange,
    http::BodyReader& body,
    Parameters already,
    OpenMedia open
) {
    if (!exchange.request.has_body()) {
        ReceivedForm form;
        form.parameters = std::move(already);
        co_return form;
    }
    const UploadLimits& limits = context.uploads.limits();
    const std::uint64_t announced = exchange.request.content_length.value_or(0);
    // A multipart body is judged where its media begins: there it is known what it is for.
    const bool is_multipart =
        lower_case(exchange.request.header("Content-Type").value_or("")).starts_with("multipart/");
    if (!is_multipart && announced > body_max(limits)) {
        co_return body_too_large("The body has " + std::to_string(announced) + " bytes", limits);
    }
    auto reception = std::make_unique<FormReception>(
        context, exchange, body, std::move(already), std::move(open)
    );
    const auto begun = Timings::Clock::now();
    auto form = co_await reception->run();
    exchange.timings.body = Timings::Clock::now() - begun;
    co_return form;
}

}  // namespace

awaitable<Result<ReceivedForm>> receive_form(
    const Context& context,
    Exchange& exchange,
    http::BodyReader& body,
    Parameters already,
    OpenMedia open
) {
    if (auto added = already.add_query(exchange.request.raw_query); !added) {
        co_return std::move(added).error();
    }
    note_call(exchange, already);
    auto form = co_await receive_body(context, exchange, body, std::move(already), open);
    if (!form) {
        co_return form;
    }
    if (auto taken = co_await take_query_media(context, *form, std::move(open)); !taken) {
        co_return std::move(taken).error();
    }
    co_return form;
}

}  // namespace sluice::protocol
