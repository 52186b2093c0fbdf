#include "protocol/common/x_calls.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/text.hpp"
#include "protocol/common/await_media.hpp"
#include "protocol/common/upload_parameters.hpp"

namespace sluice::protocol {
namespace {

using boost::asio::awaitable;

// Between two looks whether an APPEND has ended.
constexpr std::chrono::milliseconds append_pause{100};

// Errors: additional_owners_invalid.
Result<CreateUpload> create_command(Principal owner, const ReceivedForm& form, ByteCount total) {
    auto additional_owners = additional_owners_of(form.parameters);
    if (!additional_owners) {
        return std::move(additional_owners).error();
    }
    return CreateUpload{
        .owner = std::move(owner),
        .category = std::string(form.parameters.get("media_category")),
        .media_type = std::string(form.parameters.get("media_type")),
        .file_name = form.file_name,
        .total = total,
        .additional_owners = std::move(*additional_owners),
        .is_shared = flag_of(form.parameters, "shared"),
    };
}

Error failed(const Upload& upload) {
    return {
        .code = ErrorCode::media_failed,
        .facts = upload.failure->message + ".",
        .media_id = upload.id.value,
    };
}

// To its place if everything that names it has been seen.
Result<Incoming> open_segment(
    const Context& context,
    const Principal& owner,
    std::optional<MediaId> path_id,
    const Parameters& seen,
    std::optional<ByteCount> expected
) {
    const bool has_id = path_id.has_value() || seen.has("media_id");
    if (!has_id || !seen.has("segment_index")) {
        return context.uploads.begin_unnamed();
    }
    const auto id = path_id ? Result<MediaId>(*path_id) : media_id_of(seen.get("media_id"), false);
    if (!id) {
        return id.error();
    }
    const auto index = segment_index_of(seen);
    if (!index) {
        return index.error();
    }
    return context.uploads.begin_append({owner, *id, *index, expected});
}

}  // namespace

OpenMedia media_opener(const Context& context, Principal owner, std::optional<MediaId> path_id) {
    return [&context, owner = std::move(owner), path_id](
               const Parameters& seen, std::optional<ByteCount> expected
           ) -> Result<Incoming> {
        const bool is_append = path_id.has_value() || seen.get("command") == "APPEND";
        if (!is_append) {
            return seen.has("command") ? context.uploads.begin_unnamed()
                                       : context.uploads.begin_whole();
        }
        return open_segment(context, owner, path_id, seen, expected);
    };
}

awaitable<Result<Upload>> x_initialize(
    const Context& context, Exchange& exchange, ReceivedForm form
) {
    exchange.call = "INIT";
    if (form.media && form.media->length().value > 0) {
        co_return Error{
            .code = ErrorCode::media_in_init,
            .facts = std::to_string(form.media->length().value) + " bytes came in \"" +
                     form.media_name + "\".",
        };
    }
    const auto total = total_bytes_of(form.parameters);
    if (!total) {
        co_return total.error();
    }
    auto command = create_command(exchange.caller->principal, form, *total);
    if (!command) {
        co_return std::move(command).error();
    }
    auto work = [&context, command = std::move(*command)] {
        return context.uploads.create(command);
    };
    auto created = co_await runtime::run_blocking(context.pool, std::move(work));
    if (created) {
        exchange.media_id = created->id;
    }
    co_return created;
}

awaitable<Result<Upload>> x_append(
    const Context& context, Exchange& exchange, std::optional<MediaId> path_id, ReceivedForm form
) {
    exchange.call = "APPEND";
    if (form.media) {
        exchange.media_bytes = form.media->length();
    }
    const auto id =
        path_id ? Result<MediaId>(*path_id) : media_id_of(form.parameters.get("media_id"), false);
    if (!id) {
        co_return id.error();
    }
    exchange.media_id = *id;
    const auto index = segment_index_of(form.parameters);
    if (!index) {
        co_return index.error();
    }
    exchange.segment_index = index->value;
    auto media = media_of(form);
    if (!media) {
        co_return std::move(media).error();
    }
    auto target = AppendTarget{exchange.caller->principal, *id, *index, std::nullopt};
    auto work = [&context, target = std::move(target), media = std::move(*media)]() mutable {
        return context.uploads.finish_append(target, std::move(media));
    };
    co_return co_await runtime::run_blocking(context.bulk, std::move(work));
}

awaitable<Result<UploadStatus>> x_finalize(
    const Context& context, Exchange& exchange, MediaId id, const Parameters& parameters
) {
    exchange.call = "FINALIZE";
    exchange.media_id = id;
    const FinishOptions options{
        .original_md5 = std::string(trim(parameters.get("original_md5"))),
        .as_x = context.fidelity == Fidelity::faithful,
    };
    auto work = [&context, owner = exchange.caller->principal, id, options] {
        return context.uploads.finish(owner, id, options);
    };
    auto& pool = options.original_md5.empty() ? context.pool : context.bulk;
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    auto finished = co_await runtime::run_blocking(pool, work);
    std::chrono::milliseconds waited{0};
    while (!finished && finished.error().code == ErrorCode::append_in_flight &&
           waited < context.append_wait) {
        timer.expires_after(append_pause);
        co_await timer.async_wait(boost::asio::use_awaitable);
        waited += append_pause;
        finished = co_await runtime::run_blocking(pool, work);
    }
    if (!finished) {
        co_return std::move(finished).error();
    }
    co_return co_await await_image(context, std::move(*finished));
}

awaitable<Result<UploadStatus>> x_status(const Context& context, Exchange& exchange, MediaId id) {
    exchange.call = "STATUS";
    exchange.media_id = id;
    auto work = [&context, owner = exchange.caller->principal, id] {
        return context.uploads.status(owner, id);
    };
    co_return co_await runtime::run_blocking(context.pool, std::move(work));
}

awaitable<Result<UploadStatus>> x_one_shot(
    const Context& context, Exchange& exchange, ReceivedForm form
) {
    exchange.call = "ONE_SHOT";
    auto media = media_of(form);
    if (!media) {
        co_return std::move(media).error();
    }
    exchange.media_bytes = media->length();
    const Principal owner = exchange.caller->principal;
    auto command = create_command(owner, form, {});
    if (!command) {
        co_return std::move(command).error();
    }
    auto work = [&context, command = std::move(*command), media = std::move(*media)]() mutable {
        return context.uploads.finish_whole(command, std::move(media));
    };
    auto created = co_await runtime::run_blocking(context.bulk, std::move(work));
    if (!created) {
        co_return std::move(created).error();
    }
    exchange.media_id = created->id;
    auto look = [&context, owner, id = created->id] { return context.uploads.status(owner, id); };
    auto status = co_await runtime::run_blocking(context.pool, std::move(look));
    if (!status) {
        co_return std::move(status).error();
    }
    auto settled = co_await await_image(context, std::move(*status));
    if (settled && settled->upload.state == UploadState::failed) {
        co_return failed(settled->upload);
    }
    co_return settled;
}

}  // namespace sluice::protocol
