#include "client/curl_transport.hpp"

#include <curl/curl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <string_view>

#include "base/text.hpp"

namespace sluice::client {
namespace {

constexpr std::size_t answer_bytes_max = 8U << 20;
constexpr long silence_seconds_max = 60;
constexpr long connect_seconds_max = 10;

struct FreeHandle {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Handle = std::unique_ptr<CURL, FreeHandle>;

struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

// What the callbacks of one transfer need; lives on the stack of exchange().
struct Transfer {
    const HttpRequest& request;
    const StopFlag& stop;
    std::uint64_t sent = 0;
    HttpAnswer answer = {};
    bool file_ended = false;
    bool answer_too_large = false;

    std::uint64_t slice_length() const { return request.slice ? request.slice->length : 0; }
    std::uint64_t length() const {
        return request.body.size() + slice_length() + request.body_end.size();
    }
};

std::size_t copy_text(std::string_view text, std::uint64_t at, char* out, std::size_t room) {
    const auto count = std::min(room, text.size() - static_cast<std::size_t>(at));
    std::memcpy(out, text.data() + at, count);
    return count;
}

std::size_t copy_file(Transfer& transfer, std::uint64_t at, char* out, std::size_t room) {
    const auto& slice = *transfer.request.slice;
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(room, slice.length - at));
    ssize_t got = 0;
    do {
        got = ::pread(slice.fd, out, count, static_cast<off_t>(slice.offset + at));
    } while (got < 0 && errno == EINTR);
    if (got <= 0) {
        transfer.file_ended = true;
        return CURL_READFUNC_ABORT;
    }
    return static_cast<std::size_t>(got);
}

std::size_t copy_body(Transfer& transfer, char* out, std::size_t room) {
    const auto head = transfer.request.body.size();
    const auto tail = head + transfer.slice_length();
    if (transfer.sent < head) {
        return copy_text(transfer.request.body, transfer.sent, out, room);
    }
    if (transfer.sent < tail) {
        return copy_file(transfer, transfer.sent - head, out, room);
    }
    return copy_text(transfer.request.body_end, transfer.sent - tail, out, room);
}

std::size_t on_read(char* out, std::size_t size, std::size_t count, void* user) {
    auto& transfer = *static_cast<Transfer*>(user);
    const auto copied = copy_body(transfer, out, size * count);
    if (copied != CURL_READFUNC_ABORT) {
        transfer.sent += copied;
    }
    return copied;
}

// A request on a kept connection that the server had closed is sent again from its first byte.
int on_seek(void* user, curl_off_t offset, int origin) {
    if (origin != SEEK_SET) {
        return CURL_SEEKFUNC_CANTSEEK;
    }
    static_cast<Transfer*>(user)->sent = static_cast<std::uint64_t>(offset);
    return CURL_SEEKFUNC_OK;
}

std::size_t on_write(char* bytes, std::size_t size, std::size_t count, void* user) {
    auto& transfer = *static_cast<Transfer*>(user);
    if (transfer.answer.body.size() + size * count > answer_bytes_max) {
        transfer.answer_too_large = true;
        return 0;
    }
    transfer.answer.body.append(bytes, size * count);
    return size * count;
}

// A member of a dictionary of integers (RFC 9651); of several the last counts, as does the last line.
std::optional<std::uint64_t> member_of(std::string_view dictionary, std::string_view name) {
    std::optional<std::uint64_t> found;
    while (!dictionary.empty()) {
        const auto comma = std::min(dictionary.find(','), dictionary.size());
        const auto member = trim(dictionary.substr(0, comma));
        if (member.starts_with(name) && member.substr(name.size()).starts_with('=')) {
            const auto value = member.substr(name.size() + 1);
            found = parse_unsigned(trim(value.substr(0, value.find(';'))));
        }
        dictionary.remove_prefix(std::min(comma + 1, dictionary.size()));
    }
    return found;
}

void take_header(HttpAnswer& answer, std::string_view name, std::string_view value) {
    if (equals_ignoring_case(name, "X-Request-Id")) {
        answer.request_id = printable(value, 128);
    } else if (equals_ignoring_case(name, "Sluice-Error")) {
        answer.error_code = printable(value);
    } else if (equals_ignoring_case(name, "Sluice-Media-Id")) {
        answer.media_id = printable(value);
    } else if (equals_ignoring_case(name, "Location")) {
        answer.location = value;
    } else if (equals_ignoring_case(name, "Upload-Offset")) {
        answer.upload_offset = parse_unsigned(value);
    } else if (equals_ignoring_case(name, "Upload-Complete")) {
        answer.upload_complete = value == "?1";
    } else if (equals_ignoring_case(name, "Upload-Limit")) {
        answer.append_bytes_max = member_of(value, "max-append-size");
    }
}

std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* user) {
    auto& answer = static_cast<Transfer*>(user)->answer;
    auto line = std::string_view(bytes, size * count);
    line = line.substr(0, line.find_last_not_of("\r\n") + 1);
    const auto colon = line.find(':');
    if (line.starts_with("HTTP/")) {
        answer = {};  // what came before was an interim answer
    } else if (colon != std::string_view::npos) {
        take_header(answer, line.substr(0, colon), trim(line.substr(colon + 1)));
    }
    return size * count;
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Transfer*>(user)->stop.load() ? 1 : 0;
}

HeaderList header_list(const HttpRequest& request) {
    curl_slist* list = curl_slist_append(nullptr, "Expect:");
    for (const auto& [name, value] : request.headers) {
        auto line = name;
        line += ": ";
        line += value;
        list = curl_slist_append(list, line.c_str());
    }
    return HeaderList(list);
}

void set_body(CURL* handle, Transfer& transfer) {
    const bool has_body = transfer.length() > 0 || transfer.request.method == "POST";
    if (!has_body) {
        return;
    }
    curl_easy_setopt(handle, CURLOPT_POST, 1L);
    curl_easy_setopt(
        handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(transfer.length())
    );
    curl_easy_setopt(handle, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(handle, CURLOPT_READDATA, &transfer);
    curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, on_seek);
    curl_easy_setopt(handle, CURLOPT_SEEKDATA, &transfer);
    curl_easy_setopt(handle, CURLOPT_UPLOAD_BUFFERSIZE, 256L << 10);
}

void set_callbacks(CURL* handle, Transfer& transfer) {
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_write);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &transfer);
}

void set_bounds(CURL* handle) {
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, connect_seconds_max);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, silence_seconds_max);
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "sluice/" SLUICE_VERSION);
}

void read_result(CURL* handle, HttpAnswer& answer) {
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    answer.status = static_cast<int>(status);
    curl_off_t seconds = 0;
    curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &seconds);
    if (seconds > 0) {
        answer.retry_after = std::chrono::seconds(seconds);
    }
}

std::string explain(CURLcode code, const Transfer& transfer) {
    if (transfer.file_ended) {
        return "the file ended before the announced length";
    }
    if (transfer.answer_too_large) {
        return "the answer is larger than 8 MiB";
    }
    return curl_easy_strerror(code);
}

}  // namespace

class CurlTransport::Handles {
  public:
    Handles() { curl_global_init(CURL_GLOBAL_DEFAULT); }

    Handle take() {
        const std::lock_guard lock(mutex_);
        if (idle_.empty()) {
            return Handle(curl_easy_init());
        }
        auto handle = std::move(idle_.back());
        idle_.pop_back();
        return handle;
    }

    // Reset forgets the options; the connection stays with the handle.
    void give_back(Handle handle) {
        curl_easy_reset(handle.get());
        const std::lock_guard lock(mutex_);
        idle_.push_back(std::move(handle));
    }

  private:
    std::mutex mutex_;
    std::vector<Handle> idle_;
};

CurlTransport::CurlTransport() : handles_(std::make_unique<Handles>()) {}
CurlTransport::~CurlTransport() = default;

std::expected<HttpAnswer, NetworkError> CurlTransport::exchange(
    const HttpRequest& request, const StopFlag& stop
) {
    auto handle = handles_->take();
    if (!handle) {
        return std::unexpected(NetworkError{"libcurl gave no handle"});
    }
    auto transfer = Transfer{.request = request, .stop = stop};
    const auto headers = header_list(request);
    curl_easy_setopt(handle.get(), CURLOPT_URL, request.url.c_str());
    set_bounds(handle.get());
    set_callbacks(handle.get(), transfer);
    set_body(handle.get(), transfer);
    if (request.method == "HEAD") {
        curl_easy_setopt(handle.get(), CURLOPT_NOBODY, 1L);
    } else {
        curl_easy_setopt(handle.get(), CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
    curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers.get());
    const auto code = curl_easy_perform(handle.get());
    read_result(handle.get(), transfer.answer);
    handles_->give_back(std::move(handle));
    // A server that refuses early may answer and close before it has read the body: the answer
    // counts.
    const bool refused_early = code == CURLE_SEND_ERROR && transfer.answer.status >= 400;
    if (code != CURLE_OK && !refused_early) {
        return std::unexpected(NetworkError{explain(code, transfer)});
    }
    return std::move(transfer.answer);
}

}  // namespace sluice::client
