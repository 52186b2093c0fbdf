#include "protocol/common/receive_form.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "http/form_parser.hpp"

namespace sluice::protocol {
namespace {

using boost::asio::awaitable;
using http::FormEvent;

// A parameter that is no media: alt texts and JSON of metadata are the longest.
constexpr std::size_t value_bytes_max = 64 * 1024;
// What the inspector keeps of a part.
constexpr std::size_t part_start_bytes = 256;

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

// The largest media as base64 with every "+" and "/" percent-encoded, and room for the other
// parameters.
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
          open_(std::move(open)),
          buffer_(context.buffers.take()) {
        form_.parameters = std::move(already);
    }

    awaitable<Result<ReceivedForm>> run() {
        auto parser = http::make_form_parser(content_type_);
        if (!parser) {
            co_return std::move(parser).error();
        }
        parser_ = std::move(parser).value();
        while (!is_done_) {
            if (auto filled = co_await fill(); !filled) {
                co_return std::move(filled).error();
            }
            if (auto parsed = co_await parse(); !parsed) {
                co_return std::move(parsed).error();
            }
        }
        co_return std::move(form_);
    }

  private:
    // Reads until the buffer is full or the body ends; the first time just once, so that a wrong
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
            filled_ += *got;
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
                .code = ErrorCode::body_truncated, .facts = "The form ends inside of a part."
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
        is_ignored_ = !is_media_open_ && head.file_name.has_value() && is_file(head);
        if (is_ignored_) {
            form_.other_file = head.name;
        }
        if (!is_media_open_) {
            co_return ok();
        }
        if (form_.media && form_.media->length().value > 0) {
            co_return Error{
                .code = ErrorCode::media_twice,
                .facts = "\"" + form_.media_name + "\" with " +
                         std::to_string(form_.media->length().value) + " bytes came before \"" +
                         head.name + "\".",
            };
        }
        form_.media_name = head.name;
        form_.file_name = head.file_name.value_or("");
        form_.part_type = head.content_type;
        decoder_.reset();
        if (is_base64(head, parser_->is_multipart())) {
            decoder_.emplace();
        }
        expected_ = expected_length(unparsed);
        form_.media.reset();
        // Also for an empty part (an empty segment is legal), and before its bytes have come, so that
        // a wrong call is refused early and FINALIZE knows of this one.
        co_return co_await open_media();
    }

    // Text parts with a file name exist (python-twitter): only what says it is binary is taken for
    // a file.
    static bool is_file(const http::PartHead& head) {
        return head.content_type.starts_with("image/") || head.content_type.starts_with("video/") ||
               head.content_type == "application/octet-stream";
    }

    std::optional<ByteCount> expected_length(std::size_t unparsed) const {
        const auto remaining = body_.remaining();
        if (!remaining) {
            return std::nullopt;
        }
        const std::uint64_t rest = *remaining + unparsed;
        if (parser_->is_multipart()) {
            const std::uint64_t closing = closing_length(content_type_);
            const std::uint64_t length = rest - std::min(rest, closing);
            return ByteCount{decoder_ ? length / 4 * 3 : length};
        }
        return std::nullopt;
    }

    awaitable<Result<void>> open_media() {
        auto work = [this] { return open_(form_.parameters, expected_); };
        auto opened = co_await runtime::run_blocking(context_.bulk, std::move(work));
        if (!opened) {
            co_return std::move(opened).error();
        }
        form_.media.emplace(std::move(opened).value());
        co_return ok();
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

    awaitable<Result<void>> take_data(std::span<const std::byte> data) {
        note_data(data);
        if (is_ignored_) {
            co_return ok();
        }
        if (!is_media_open_) {
            co_return take_value(data);
        }
        decoded_.clear();
        auto work = [this, data]() -> Result<void> {
            if (!decoder_) {
                return form_.media->write(data);
            }
            if (auto fed = decoder_->feed(data, decoded_); !fed) {
                return fed;
            }
            return form_.media->write(decoded_);
        };
        co_return co_await runtime::run_blocking(context_.bulk, std::move(work));
    }

    Result<void> take_value(std::span<const std::byte> data) {
        if (value_.size() + data.size() > value_bytes_max) {
            return Error{
                .code = ErrorCode::parameter_invalid,
                .facts = "The value of \"" + printable(parser_->head().name) + "\" has more than " +
                         std::to_string(value_bytes_max) + " bytes.",
            };
        }
        value_.append(reinterpret_cast<const char*>(data.data()), data.size());
        return ok();
    }

    awaitable<Result<void>> end_part() {
        if (is_ignored_) {
            co_return ok();
        }
        if (!is_media_open_) {
            co_return form_.parameters.add(parser_->head().name, value_, "body");
        }
        is_media_open_ = false;
        if (decoder_) {
            if (auto finished = decoder_->finish(); !finished) {
                co_return finished;
            }
        }
        co_return ok();
    }

    const Context& context_;
    Exchange& exchange_;
    std::string content_type_;
    http::BodyReader& body_;
    OpenMedia open_;
    BufferPool::Buffer buffer_;
    std::unique_ptr<http::FormParser> parser_;
    ReceivedForm form_;
    std::optional<Base64Decoder> decoder_;
    std::vector<std::byte> decoded_;
    std::optional<ByteCount> expected_;
    std::string value_;
    std::size_t filled_ = 0;
    bool is_media_open_ = false;
    bool is_ignored_ = false;
    bool is_last_ = false;
    bool is_done_ = false;
};

}  // namespace

awaitable<Result<ReceivedForm>> receive_form(
    const Context& context,
    Exchange& exchange,
    http::BodyReader& body,
    Parameters already,
    OpenMedia open
) {
    const http::Request& request = exchange.request;
    if (auto added = already.add_query(request.raw_query); !added) {
        co_return std::move(added).error();
    }
    if (!request.has_body()) {
        ReceivedForm form;
        form.parameters = std::move(already);
        co_return form;
    }
    const UploadLimits& limits = context.uploads.limits();
    if (request.content_length.value_or(0) > body_max(limits)) {
        co_return body_too_large(
            "The body has " + std::to_string(*request.content_length) + " bytes", limits
        );
    }
    auto reception = std::make_unique<FormReception>(
        context, exchange, body, std::move(already), std::move(open)
    );
    co_return co_await reception->run();
}

}  // namespace sluice::protocol
