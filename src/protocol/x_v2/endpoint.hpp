// X's media API v2: /2/media/upload with its dedicated paths (initialize, {id}/append,
// {id}/finalize, GET for STATUS), the one-shot, and the older command= form (reference x-media-api,
// section 3). Knows no other protocol.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string_view>

#include "http/handler.hpp"
#include "protocol/common/context.hpp"
#include "protocol/common/exchange.hpp"
#include "protocol/common/receive_form.hpp"

namespace sluice::protocol::x_v2 {

class Endpoint {
  public:
    explicit Endpoint(const Context& context) : context_(context) {}

    static bool serves(std::string_view path);
    boost::asio::awaitable<http::ResponsePtr> handle(Exchange& exchange, http::BodyReader& body)
        const;
    // Of a STATUS that memory answers. Nothing: handle() is to be asked, with an exchange of its own.
    std::optional<http::Response> at_once(Exchange& exchange, MediaId id) const;

  private:
    enum class Call : std::uint8_t { one_shot, initialize, append, finalize, status };
    struct Target {
        Call call = Call::one_shot;
        std::string id_text;        // of the path, as received
        std::optional<MediaId> id;  // the same, once judged
        bool is_command_form = false;
    };

    static Result<Target> target_of(const http::Request& request);
    static Result<Target> target_of_path(std::string_view rest);
    static Result<Target> by_command(
        Target target, const http::Request& request, const ReceivedForm& form
    );
    static Result<void> admit(Exchange& exchange, Target& target);
    boost::asio::awaitable<http::ResponsePtr> serve(
        Exchange& exchange, http::BodyReader& body, Target named
    ) const;
    // Once all of the call is there: what its answer needs is not held by those whose body is still coming.
    boost::asio::awaitable<void> answer(
        Exchange& exchange, Target& named, Result<ReceivedFormPtr>& form, http::Response& response
    ) const;
    boost::asio::awaitable<Result<ReceivedFormPtr>> receive(
        Exchange& exchange, http::BodyReader& body, const Target& target
    ) const;
    boost::asio::awaitable<http::Response> run(
        Exchange& exchange, Target target, ReceivedForm& form
    ) const;
    http::Response told(
        const Exchange& exchange, const Result<UploadStatus>& done, int status_code, bool finalizes
    ) const;
    boost::asio::awaitable<http::Response> run_on_media(
        Exchange& exchange, Target target, const ReceivedForm& form
    ) const;

    const Context& context_;
};

}  // namespace sluice::protocol::x_v2
