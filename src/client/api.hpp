// The native API, as far as the command line needs it: look at uploads, delete one, ask whether the
// server is ready. Blocking; retries like every call.
#pragma once

#include <string>

#include "client/answer.hpp"
#include "client/caller.hpp"

namespace sluice::client {

class Api {
  public:
    // `server` without a slash at its end.
    Api(Caller& caller, std::string server) : caller_(caller), server_(std::move(server)) {}

    // With output URLs made absolute.
    Outcome<UploadView> upload(const std::string& media_id);
    // `after` is the cursor of the page before; empty: from the newest.
    Outcome<UploadPage> uploads(unsigned limit, const std::string& after, const std::string& state);
    // The body of the answer, as it came.
    Outcome<std::string> diagnosis(const std::string& media_id);
    Outcome<void> remove(const std::string& media_id);

  private:
    Caller& caller_;
    std::string server_;
};

// An answer that is not what the contract says.
Failure unreadable_answer(const std::string& call);

// `url` as it is, or, if it begins with a slash, on `server`.
std::string join_url(const std::string& server, const std::string& url);

}  // namespace sluice::client
