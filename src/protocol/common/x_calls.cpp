#include "protocol/common/x_calls.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/error_catalogue.hpp"
#include "base/text.hpp"
#include "media/failure_rows.hpp"
#include "protocol/common/append_answers.hpp"
#include "protocol/common/await_media.hpp"
#include "protocol/common/idempotency_key.hpp"
#include "protocol/common/in_store.hpp"
#include "protocol/common/rate_gate.hpp"
#include "protocol/common/upload_parameters.hpp"
#include "protocol/common/x_synchronous.hpp"

namespace sluice::protocol {
namespace {

using boost::asio::awaitable;

// Between two looks whether an APPEND has ended.
constexpr std::chrono::milliseconds append_pause{100};

constexpr std::size_t file_name_bytes_max = 255;

// Of the file: that of its part, or the parameter file_name, which X does not know.
std::string name_of(const ReceivedForm& form) {
    std::string name =
        form.file_name.empty() ? std::string(form.parameters.get("file_name")) : form.file_name;
    std::size_t end = std::min(name.size(), file_name_bytes_max);
    while (end > 0 && end < name.size() && (static_cast<unsigned char>(name[end]) & 0xC0U) == 0x80U
    ) {
        --end;  // not within a character
    }
    name.resize(end);
    return name;
}

// Errors: additional_owners_invalid, parameter_invalid.
Result<CreateUpload> create_command(
    const Context& context, Exchange& exchange, const ReceivedForm& form, ByteCount total
) {
    auto key = idempotency_key_of(exchange.request);
    if (!key) {
        return std::move(key).error();
    }
    auto additional_owners = additional_owners_of(form.parameters);
    if (!additional_owners) {
        return std::move(additional_owners).error();
    }
    return CreateUpload{
        .owner = exchange.caller->principal,
        .category = std::string(form.parameters.get("media_category")),
        .media_type = std::string(form.parameters.get("media_type")),
        .file_name = name_of(form),
        .total = total,
        .additional_owners = std::move(*additional_owners),
        .is_shared = flag_of(form.parameters, "shared"),
        .idempotency_key = *std::move(key),
        .as_x = context.fidelity == Fidelity::faithful,
        .protocol = exchange.protocol,
        .was_made_before = &exchange.is_replayed,
    };
}

// Row 20: a type that says nothing is no mistake, but the owner may look for one.
std::string remark_on_type(const std::string& media_type) {
    if (default_category(lower_case(essence_of(media_type)))) {
        return {};
    }
    return (media_type.empty() ? "No media_type came"
                               : "media_type is \"" + printable(media_type) + "\"") +
           std::string(": the content decides, at FINALIZE.");
}

// INIT, but for what is remembered of it.
awaitable<Result<Upload>> create(
    const Context& context, Exchange& exchange, const ReceivedForm& form
) {
    if (form.media_refusal || (form.media && form.media->length().value > 0)) {
        const ByteCount length = form.media ? form.media->length() : ByteCount{};
        co_return Error{
            .code = ErrorCode::media_in_init,
            .facts = (length.value > 0 ? std::to_string(length.value) + " bytes of media"
                                       : std::string("Media")) +
                     " came in \"" + form.media_name +
                     "\" beside command=INIT. Received: " + received_list(form) + ".",
        };
    }
    const auto total = total_bytes_of(form.parameters);
    if (!total) {
        co_return total.error();
    }
    auto command = create_command(context, exchange, form, *total);
    if (!command) {
        co_return std::move(command).error();
    }
    const RateGate gate(context, exchange);
    command->admission = &gate;
    command->ads_live_longer = exchange.request.path.starts_with("/2/");
    auto work = [&context, command = std::move(*command)] {
        return context.uploads.create(command);
    };
    co_return co_await runtime::begin_here(context.pool, std::move(work));
}

// Whatever the head looked like: here are bytes of media.
Result<void> move_to_bulk(const Context& context, Exchange& exchange) {
    return context.classes == nullptr ? ok() : context.classes->move_to_bulk(exchange.slot);
}

Result<OpenedMedia> opened(Result<Incoming> incoming, bool is_named) {
    if (!incoming) {
        return std::move(incoming).error();
    }
    return OpenedMedia{std::move(*incoming), is_named};
}

Error failed(const Upload& upload) {
    return {
        .code = ErrorCode::media_failed,
        .facts = whole_text(*upload.failure, upload.category),
        .media_id = upload.id.value,
        .x_like = ErrorCode::type_mismatch,
    };
}

// To its place if everything that names it has been seen. What names it wrongly is judged when all
// of the call is there.
Result<OpenedMedia> open_segment(
    const Context& context,
    Exchange& exchange,
    std::optional<MediaId> path_id,
    const Parameters& seen,
    std::optional<ByteCount> expected
) {
    const auto id = path_id ? Result<MediaId>(*path_id) : media_id_of(seen.get("media_id"), false);
    const auto index = segment_index_of(seen);
    if (!id || !index) {
        return opened(context.uploads.begin_unnamed(), false);
    }
    exchange.call = "APPEND";
    exchange.media_id = *id;
    exchange.segment_index = index->value;
    const RateGate gate(context, exchange);
    const AppendTarget target{exchange.caller->principal, *id, *index, expected, &gate};
    return opened(context.uploads.begin_append(target), true);
}

// A file in one call, as far as can be told. Until its category came it may as well be a segment whose
// command stands behind it: then only what no call takes is refused early.
Result<Incoming> begin_whole(
    const Context& context,
    const Exchange& exchange,
    const Parameters& seen,
    std::optional<ByteCount> expected
) {
    auto key = idempotency_key_of(exchange.request);
    if (!key) {
        return std::move(key).error();
    }
    const bool is_whole = seen.has("media_category") && !seen.has("media_id");
    if (!is_whole && expected && !context.uploads.limits().is_hopeless(*expected)) {
        expected.reset();
    }
    const CreateUpload wanted{
        .owner = exchange.caller->principal,
        .category = std::string(seen.get("media_category")),
        .media_type = std::string(seen.get("media_type")),
        .file_name = {},
        .total = {},
        .idempotency_key = *std::move(key),
    };
    return context.uploads.begin_whole(wanted, expected);
}

// Again and again, while APPENDs of it are still being received.
template <class Work>
awaitable<Result<UploadStatus>> finish_after_appends(
    const Context& context,
    Exchange& exchange,
    runtime::BlockingPool& pool,
    Result<UploadStatus> finished,
    Work work
) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    std::chrono::milliseconds waited{0};
    while (!finished && finished.error().code == ErrorCode::append_in_flight &&
           waited < context.append_wait) {
        timer.expires_after(append_pause);
        co_await timer.async_wait(boost::asio::use_awaitable);
        waited += append_pause;
        finished = co_await in_store(exchange, pool, work);
    }
    co_return finished;
}

// What FINALIZE advises; the first STATUS after it may come at once.
void note_advice(const Context& context, Exchange& exchange, const UploadStatus& status) {
    exchange.advised = status.check_after;
    if (status.check_after && context.polling != nullptr) {
        context.polling->finalized(
            exchange.caller->principal, status.upload.id, *status.check_after, context.uploads.now()
        );
    }
}

}  // namespace

OpenMedia media_opener(const Context& context, Exchange& exchange, std::optional<MediaId> path_id) {
    return [&context, &exchange, path_id](
               const Parameters& seen, std::optional<ByteCount> expected
           ) -> Result<OpenedMedia> {
        const bool is_append = path_id.has_value() || seen.get("command") == "APPEND";
        if (is_append || !seen.has("command")) {
            if (auto moved = move_to_bulk(context, exchange); !moved) {
                return std::move(moved).error();
            }
        }
        if (!is_append) {
            return seen.has("command")
                       ? opened(context.uploads.begin_unnamed(), false)
                       : opened(begin_whole(context, exchange, seen, expected), false);
        }
        return open_segment(context, exchange, path_id, seen, expected);
    };
}

awaitable<Result<Upload>> x_initialize(
    const Context& context, Exchange& exchange, const ReceivedForm& form
) {
    exchange.call = "INIT";
    auto created = co_await create(context, exchange, form);
    if (created) {
        exchange.media_id = created->id;
        auto remark = remark_on_type(created->media_type);
        exchange.remark = remark.empty() ? Rare<std::string>() : std::move(remark);
    }
    const std::string outcome =
        created ? "answered media_id " + created->id.text()
                : "was refused with " + std::string(entry_of(created.error().code).slug);
    context.recent_inits->note(
        exchange.caller->principal, outcome + " at " + rfc3339(context.uploads.now()) + "."
    );
    co_return created;
}

awaitable<Result<Upload>> x_append(
    const Context& context, Exchange& exchange, std::optional<MediaId> path_id, ReceivedForm& form
) {
    exchange.call = "APPEND";
    if (form.media) {
        exchange.media_bytes = form.media->length();
    }
    const auto id =
        path_id ? Result<MediaId>(*path_id) : media_id_of(form.parameters.get("media_id"), false);
    const Principal& owner = exchange.caller->principal;
    if (!id) {
        Error error = id.error();
        error.facts += " " + context.recent_inits->sentence_about(owner);
        co_return error;
    }
    exchange.media_id = *id;
    const auto index = segment_index_of(form.parameters);
    if (!index) {
        co_return co_await with_indexes(context, owner, *id, index.error());
    }
    exchange.segment_index = index->value;
    if (auto wrong = without_media(form)) {
        co_return std::move(*wrong);
    }
    const RateGate gate(context, exchange);
    AppendTarget target{
        .owner = owner,
        .id = *id,
        .index = *index,
        .length_expected = std::nullopt,
        .admission = &gate,
        .digests = digests_of(exchange.request, form),
        .as_x = context.fidelity == Fidelity::faithful,
    };
    if (form.media_refusal) {
        co_return co_await refuse_media(context, std::move(target), std::move(*form.media_refusal));
    }
    if (auto waited = co_await wait_for_the_same(context, target, *form.media); !waited) {
        co_return std::move(waited).error();
    }
    const bool has_digests = !target.digests.empty();
    auto work = [&context, target = std::move(target), media = std::move(*form.media)]() mutable {
        return context.uploads.finish_append(target, std::move(media));
    };
    // A digest is computed over all of the segment.
    co_return has_digests ? co_await in_store(exchange, context.bulk, std::move(work))
                          : co_await in_store_from_here(exchange, context.bulk, std::move(work));
}

awaitable<Result<UploadStatus>> x_finalize(
    const Context& context, Exchange& exchange, MediaId id, const Parameters& parameters
) {
    exchange.call = "FINALIZE";
    exchange.media_id = id;
    const RateGate gate(context, exchange);
    const FinishOptions options{
        .original_md5 = std::string(trim(parameters.get("original_md5"))),
        .as_x = context.fidelity == Fidelity::faithful,
        .admission = &gate,
    };
    auto work = [&context, owner = exchange.caller->principal, id, options] {
        return context.uploads.finish(owner, id, options);
    };
    const bool is_quick = options.original_md5.empty();
    auto& pool = is_quick ? context.pool : context.bulk;
    auto finished = is_quick ? co_await in_store_from_here(exchange, pool, work)
                             : co_await in_store(exchange, pool, work);
    if (!finished && finished.error().code == ErrorCode::append_in_flight) {
        finished =
            co_await finish_after_appends(context, exchange, pool, std::move(finished), work);
    }
    if (!finished) {
        co_return std::move(finished).error();
    }
    auto settled = co_await await_image(context, std::move(*finished));
    if (settled) {
        note_advice(context, exchange, *settled);
    }
    co_return shown(context, std::move(settled), finalized_on_x);
}

awaitable<Result<UploadStatus>> x_one_shot(
    const Context& context, Exchange& exchange, ReceivedForm& form
) {
    exchange.call = "ONE_SHOT";
    if (auto wrong = without_media(form)) {
        co_return std::move(*wrong);
    }
    const Principal owner = exchange.caller->principal;
    auto command = create_command(context, exchange, form, {});
    if (!command) {
        co_return std::move(command).error();
    }
    if (form.media_refusal) {
        const auto admitted = context.uploads.admits(*command);
        co_return admitted ? *form.media_refusal : admitted.error();
    }
    const RateGate gate(context, exchange);
    command->admission = &gate;
    exchange.media_bytes = form.media->length();
    auto work = [&context, command = std::move(*command), media = std::move(*form.media)](
                ) mutable { return context.uploads.finish_whole(command, std::move(media)); };
    auto created = co_await in_store(exchange, context.bulk, std::move(work));
    if (!created) {
        co_return std::move(created).error();
    }
    exchange.media_id = created->id;
    auto look = [&context, owner, id = created->id] { return context.uploads.status(owner, id); };
    auto status = co_await in_store(exchange, context.reads, std::move(look));
    if (!status) {
        co_return std::move(status).error();
    }
    auto settled = co_await await_image(context, std::move(*status));
    if (settled && settled->upload.state == UploadState::failed) {
        co_return failed(settled->upload);
    }
    co_return shown(context, std::move(settled), finalized_on_x);
}

awaitable<Error> x_with_state(const Context& context, const Exchange& exchange, Error error) {
    if (error.media_id == 0) {
        co_return error;
    }
    auto work = [&context, owner = exchange.caller->principal, id = MediaId{error.media_id}] {
        return context.uploads.status(owner, id);
    };
    const auto status = co_await runtime::run_blocking(context.reads, std::move(work));
    if (!status) {
        error.facts += " " + status.error().facts;
        co_return error;
    }
    const Upload& upload = status->upload;
    error.facts += " The upload is " + std::string(name_of(upload.state));
    error.facts += upload.state == UploadState::processing
                       ? ", at " + std::to_string(upload.progress.percent) + " percent."
                       : ".";
    co_return error;
}

}  // namespace sluice::protocol
