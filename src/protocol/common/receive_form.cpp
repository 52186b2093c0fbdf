#include "protocol/common/receive_form.hpp"

#include <algorithm>
#include <memory>

#include "base/digest.hpp"
#include "base/release_memory.hpp"
#include "base/text.hpp"
#include "http/body_look.hpp"
#include "http/form_parser.hpp"
#include "protocol/common/body_window.hpp"
#include "protocol/common/form_parts.hpp"
#include "protocol/common/form_size.hpp"
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
          parts_(exchange.wants_parts, exchange.request.is_inspected),
          window_(body, context.buffers),
          open_(std::move(open)),
          sink_(context, *form_, open_) {
        form_->parameters = std::move(already);
        if (exchange.request.header("Content-MD5")) {
            md5_ = std::make_unique<Md5>();
        }
    }

    // A static one, so that what a request holds while its body comes is this frame and no other around it.
    static awaitable<Result<ReceivedFormPtr>> run(std::unique_ptr<FormReception> self) {
        if (self->exchange_.request.has_body()) {
            const auto begun = Timings::Clock::now();
            auto read = co_await self->begin();
            if (read) {
                while (read && !self->is_done_) {
                    read = co_await self->read_on();
                    if (read && self->window_.is_asleep()) {
                        read = co_await self->window_.arrival();
                    }
                }
                read = self->judge(std::move(read));
            }
            self->exchange_.timings.body = Timings::Clock::now() - begun;
            if (!read) {
                co_return std::move(read).error();
            }
        }
        if (has_query_media(self->form_->parameters)) {
            auto taken = co_await take_query_media(self->context_, *self->form_, self->open_);
            if (!taken) {
                co_return std::move(taken).error();
            }
        }
        co_return std::move(self->form_);
    }

  private:
    // Up to where the first bytes tell what it is.
    awaitable<Result<void>> begin() {
        sink_.use(co_await runtime::DiskRing::of_this_loop());
        auto parser = http::make_form_parser(content_type(), {.parts_max = form_parts_max});
        if (!parser && parser.error().code != ErrorCode::multipart_boundary) {
            co_return std::move(parser).error();
        }
        if (auto looked = co_await look(); !looked) {
            co_return looked;
        }
        if (!parser) {
            co_return http::explained(std::move(parser).error(), content_type(), start());
        }
        parser_ = std::move(parser).value();
        if (auto wrong = http::mislabelled(content_type(), start())) {
            co_return std::move(*wrong);
        }
        co_return ok();
    }

    // Not inlined: the frame of run() would have room for its variables.
    [[gnu::noinline]] Result<void> judge(Result<void> read) {
        exchange_.parts = parts_.all();
        note_call(exchange_, form_->parameters);
        if (!read) {
            return http::explained(std::move(read).error(), content_type(), start());
        }
        if (md5_) {
            form_->body_md5 = md5_->finish_hex();
        }
        return ok();
    }

    // Enough of the body to see what it is.
    awaitable<Result<void>> look() {
        do {
            if (auto filled = co_await fill(); !filled) {
                co_return filled;
            }
        } while (window_.unparsed().size() < http::body_look_bytes && !window_.is_last());
        const auto seen = window_.unparsed();
        start_.assign(
            seen.begin(),
            seen.begin() + static_cast<std::ptrdiff_t>(std::min(seen.size(), http::body_look_bytes))
        );
        co_return ok();
    }

    std::span<const std::byte> start() const { return start_; }
    std::string_view content_type() const {
        return exchange_.request.header("Content-Type").value_or("");
    }

    // To the end, or to where nothing comes just now: the wait for more is run()'s, so that no frame but that one stands there.
    awaitable<Result<void>> read_on() {
        auto read = ok();
        if (window_.is_asleep()) {
            read = co_await fill();
        }
        while (read) {
            read = co_await parse();
            if (!read || is_done_ || window_.is_asleep()) {
                break;
            }
            read = co_await fill();
        }
        co_return read;
    }

    // Reads until the memory is full, the body ends or nothing comes just now; outside of media just
    // once, so that a wrong call is refused early.
    awaitable<Result<void>> fill() {
        do {
            auto came = co_await window_.read();
            if (!came) {
                co_return std::move(came).error();
            }
            if (auto admitted = admit_length(); !admitted) {
                co_return admitted;
            }
            if (md5_) {
                md5_->update(*came);
            }
            if (!came->empty()) {
                sink_.beat();
            }
        } while (!window_.is_last() && !window_.is_silent() && is_media_open_ && !window_.is_full()
        );
        co_return ok();
    }

    // A chunked body tells its length only by coming.
    Result<void> admit_length() const {
        auto refused = refuse_received(window_.body().received(), context_.uploads.limits());
        return refused ? Result<void>(*std::move(refused)) : ok();
    }

    awaitable<Result<void>> parse() {
        auto input = window_.unparsed();
        for (;;) {
            auto event = parser_->next(input, window_.is_last());
            if (!event) {
                co_return std::move(event).error();
            }
            if (event->kind == FormEvent::Kind::need_more) {
                co_return co_await wait_for_more(input);
            }
            if (event->kind == FormEvent::Kind::done) {
                is_done_ = true;
                co_return co_await drain();
            }
            auto handled = handle(*event);
            if (handled && waits(*event)) {
                handled = co_await handle_media(*event, input);
            }
            if (!handled) {
                co_return handled;
            }
        }
    }

    awaitable<Result<void>> wait_for_more(std::span<const std::byte> rest) {
        const bool is_stuck = rest.size() == window_.size();
        if (window_.is_last() || (is_stuck && window_.buffer())) {
            co_return Error{
                .code = ErrorCode::body_truncated,
                .facts = "The form ends inside of a part, after " +
                         std::to_string(window_.body().received()) + " bytes."
            };
        }
        if (is_media_open_ || window_.is_silent() || is_stuck) {
            co_return co_await store_media(rest, false);
        }
        window_.keep(rest);
        co_return ok();
    }

    // Stores what is parsed of the media, as far as it is worth it, and finds memory for what comes.
    // `rest` moves along.
    awaitable<Result<void>> store_media(std::span<const std::byte>& rest, bool is_end) {
        const auto media = window_.media();
        const std::size_t taken = sink_.would_take(
            media.size(), window_.buffer().has_value(), is_end || window_.is_silent()
        );
        window_.set_aside(media.subspan(taken), rest);
        if (taken > 0) {
            const auto data = media.first(taken);
            parts_.add(data);
            if (auto stored = co_await sink_.take_piece(data, window_.buffer()); !stored) {
                co_return stored;
            }
        }
        if (window_.is_silent()) {
            if (auto settled = co_await sink_.settle(); !settled) {
                co_return settled;
            }
        }
        if (!is_end && sink_.is_quick() && sink_.memory().empty()) {
            window_.sleep();
            co_return ok();
        }
        co_await window_.resume(sink_.phase(), is_end ? std::span<std::byte>() : sink_.memory());
        rest = window_.unparsed();
        co_return ok();
    }

    // What follows the end of the form (an epilogue) is read and dropped, so that the connection
    // stays in step.
    awaitable<Result<void>> drain() {
        while (!window_.is_last()) {
            window_.set_aside({}, {});
            co_await window_.resume(0, {});
            if (window_.is_asleep()) {
                if (auto arrived = co_await window_.arrival(); !arrived) {
                    co_return arrived;
                }
            }
            if (auto filled = co_await fill(); !filled) {
                co_return filled;
            }
        }
        co_return ok();
    }

    // Of parameters nothing needs to be waited for; a coroutine for each event would cost more than its work.
    Result<void> handle(const FormEvent& event) {
        if (event.kind == FormEvent::Kind::part_begin) {
            begin_part();
        } else if (event.kind == FormEvent::Kind::part_data) {
            return take_data(event.data);
        } else if (event.kind == FormEvent::Kind::part_end && !is_media_open_) {
            return end_value();
        }
        return ok();
    }

    bool waits(const FormEvent& event) const {
        return is_media_open_ && (event.kind != FormEvent::Kind::part_data || !is_in_place_);
    }

    awaitable<Result<void>> handle_media(const FormEvent& event, std::span<const std::byte>& rest) {
        if (event.kind == FormEvent::Kind::part_begin) {
            return sink_.begin(parser_->head(), !is_in_place_, expected_length(rest.size()));
        }
        return event.kind == FormEvent::Kind::part_data ? sink_.take(event.data) : end_media(rest);
    }

    void begin_part() {
        const http::PartHead& head = parser_->head();
        value_.clear();
        parts_.begin(head);
        is_media_open_ = is_media(head.name);
        is_in_place_ = is_media_open_ && !is_base64(head, parser_->is_multipart());
        if (is_media_open_) {
            release_memory(value_);
        }
        if (is_in_place_ && parser_->is_multipart() &&
            http::look_of(start()) == http::BodyLook::multipart) {
            release_memory(start_);  // it is what it looks like: explained() has nothing to add
        }
        is_ignored_ = !is_media_open_ && (is_misnamed_media(head.name) || is_file(head));
        if (is_ignored_) {
            form_->other_file = OtherFile{.name = head.name, .length = {}};
        }
    }

    std::optional<ByteCount> expected_length(std::size_t unparsed) const {
        const auto remaining = window_.body().remaining();
        if (!remaining || !parser_->is_multipart()) {
            return std::nullopt;
        }
        const std::uint64_t rest = *remaining + unparsed;
        return ByteCount{rest - std::min(rest, closing_length(content_type()))};
    }

    Result<void> take_data(std::span<const std::byte> data) {
        if (is_in_place_) {
            window_.add_media(data);
            return ok();
        }
        parts_.add(data);
        if (is_ignored_) {
            form_->other_file->length.value += data.size();
        }
        return is_media_open_ || is_ignored_ ? ok() : take_value(data);
    }

    Result<void> take_value(std::span<const std::byte> data) {
        if (value_.size() + data.size() > value_bytes_max) {
            return Error{
                .code = ErrorCode::parameter_invalid,
                .facts = "The value of \"" + printable(parser_->head().name) + "\" has more than " +
                         std::to_string(value_bytes_max) + " bytes.",
            };
        }
        values_length_ += static_cast<std::uint32_t>(data.size());
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

    Parameters::Place place() const {
        if (parser_->is_multipart()) {
            return Parameters::Place::multipart_body;
        }
        return http::look_of(start()) == http::BodyLook::json ? Parameters::Place::json_body
                                                              : Parameters::Place::form_body;
    }

    awaitable<Result<void>> end_media(std::span<const std::byte>& rest) {
        if (auto stored = co_await store_media(rest, true); !stored) {
            co_return stored;
        }
        is_media_open_ = is_in_place_ = false;
        auto ended = co_await sink_.end();
        if (form_->media) {
            parts_.end(form_->media->crc());
        }
        co_return ended;
    }

    Result<void> end_value() {
        return is_ignored_ ? ok() : form_->parameters.add(parser_->head().name, value_, place());
    }

    const Context& context_;
    Exchange& exchange_;
    PartNotes parts_;
    BodyWindow window_;
    std::unique_ptr<http::FormParser> parser_;
    std::unique_ptr<ReceivedForm> form_ = std::make_unique<ReceivedForm>();
    const OpenMedia open_;
    MediaSink sink_;
    std::unique_ptr<Md5> md5_;
    std::vector<std::byte> start_;
    std::string value_;
    std::uint32_t values_length_ = 0;
    bool is_media_open_ = false;
    bool is_in_place_ = false;  // the parser gives the media as it stands in the window
    bool is_ignored_ = false;
    bool is_done_ = false;
};

awaitable<Result<ReceivedFormPtr>> refuse(Error error) {
    co_return error;
}

}  // namespace

Result<ReceivedFormPtr> receive_query(Exchange& exchange) {
    if (exchange.request.has_body()) {
        return nullptr;
    }
    auto form = std::make_unique<ReceivedForm>();
    if (auto added = form->parameters.add_query(exchange.request.raw_query); !added) {
        return std::move(added).error();
    }
    if (form->parameters.has("media") || form->parameters.has("media_data")) {
        return nullptr;
    }
    note_call(exchange, form->parameters);
    return form;
}

awaitable<Result<ReceivedFormPtr>> receive_form(
    const Context& context,
    Exchange& exchange,
    http::BodyReader& body,
    Parameters already,
    OpenMedia open
) {
    // No coroutine itself: it would stand there for as long as the body comes.
    if (auto added = already.add_query(exchange.request.raw_query); !added) {
        return refuse(std::move(added).error());
    }
    note_call(exchange, already);
    if (auto refused = refuse_announced(exchange.request, context.uploads.limits())) {
        return refuse(*std::move(refused));
    }
    return FormReception::run(std::make_unique<FormReception>(
        context, exchange, body, std::move(already), std::move(open)
    ));
}

}  // namespace sluice::protocol
