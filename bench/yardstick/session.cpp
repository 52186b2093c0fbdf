#include "yardstick/session.hpp"

#include <strings.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace sluice::yardstick {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view head_end = "\r\n\r\n";

std::string_view header(std::string_view head, std::string_view name) {
    for (std::size_t at = head.find(line_end); at < head.size();) {
        at += line_end.size();
        const std::size_t end = std::min(head.find(line_end, at), head.size());
        const std::string_view line = head.substr(at, end - at);
        if (line.size() > name.size() && line[name.size()] == ':' &&
            ::strncasecmp(line.data(), name.data(), name.size()) == 0) {
            const std::string_view value = line.substr(name.size() + 1);
            return value.substr(std::min(value.find_first_not_of(' '), value.size()));
        }
        at = end;
    }
    return {};
}

std::uint64_t number(std::string_view text) {
    return std::strtoull(std::string(text.substr(0, 20)).c_str(), nullptr, 10);
}

std::string_view parameter(std::string_view form, std::string_view name) {
    for (std::size_t at = 0; at < form.size();) {
        const std::size_t end = std::min(form.find('&', at), form.size());
        const std::string_view pair = form.substr(at, end - at);
        if (pair.starts_with(name) && pair.size() > name.size() && pair[name.size()] == '=') {
            return pair.substr(name.size() + 1);
        }
        at = end + 1;
    }
    return {};
}

std::string_view part(std::string_view body, std::string_view name) {
    const std::string mark = "name=\"" + std::string(name) + "\"\r\n\r\n";
    const std::size_t at = body.find(mark);
    if (at == std::string_view::npos) {
        return {};
    }
    const std::string_view rest = body.substr(at + mark.size());
    return rest.substr(0, rest.find(line_end));
}

}  // namespace

void Session::answer(std::string_view status, const std::string& json) {
    answers += "HTTP/1.1 ";
    answers += status;
    answers += "\r\nContent-Type: application/json\r\nContent-Length: ";
    answers += std::to_string(json.size());
    answers += head_end;
    answers += json;
}

void Session::advance() {
    while (!waits_for_sync_ && (in_body_ ? end_body() : begin_request())) {
    }
}

// False: it is not all there yet.
bool Session::end_body() {
    if (body.left > 0 || writes_under_way > 0) {
        return false;
    }
    const std::uint64_t part = std::min<std::uint64_t>(tail_, unread.size());
    unread.erase(0, part);
    tail_ -= part;
    if (tail_ > 0) {
        return false;
    }
    in_body_ = false;
    answers += "HTTP/1.1 204 No Content\r\n\r\n";
    return true;
}

bool Session::begin_request() {
    const std::size_t end = unread.find(head_end);
    if (end == std::string::npos) {
        return false;
    }
    const std::string_view head = std::string_view(unread).substr(0, end + line_end.size());
    const std::string_view after = std::string_view(unread).substr(end + head_end.size());
    if (head.starts_with("GET ")) {
        answer_get(head.substr(4, head.find(' ', 4) - 4));
        unread.erase(0, end + head_end.size());
        return true;
    }
    const std::uint64_t length = number(header(head, "Content-Length"));
    if (header(head, "Content-Type").starts_with("multipart/form-data")) {
        return begin_append(head, after, length);
    }
    if (after.size() < length) {
        return false;
    }
    answer_form(after.substr(0, length));
    unread.erase(0, end + head_end.size() + length);
    return true;
}

// `media` is the last part, so its length is arithmetic.
bool Session::begin_append(std::string_view head, std::string_view after, std::uint64_t length) {
    const std::size_t media = after.find("name=\"media\"");
    const std::size_t end = after.find(head_end, std::min(media, after.size()));
    if (media == std::string_view::npos || end == std::string_view::npos) {
        return false;
    }
    const std::uint64_t preamble = end + head_end.size();
    const std::string_view type = header(head, "Content-Type");
    // CRLF, two dashes, the boundary, two dashes, CRLF.
    tail_ = type.size() - type.find('=') - 1 + 8;
    body.left = length - preamble - tail_;
    Stored* stored = store_.find(part(after, "media_id"));
    if (stored == nullptr) {
        answer("404 Not Found", "{}");
        std::exit(1);  // not a server: a mistake of the bench
    }
    body.file = stored->file;
    body.offset = store_.place(*stored, number(part(after, "segment_index")), body.left);
    in_body_ = true;
    unread.erase(0, static_cast<std::size_t>(after.data() - unread.data()) + preamble);
    return true;
}

void Session::answer_get(std::string_view target) {
    const std::size_t media = target.find("/media/13_");
    if (media != std::string_view::npos) {
        download_ = store_.find(target.substr(media + 10));
        if (download_ == nullptr || download_->file < 0) {
            download_ = nullptr;
            answer("404 Not Found", "{}");
            return;
        }
        answers += "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(download_->total) +
                   std::string(head_end);
        return;
    }
    const std::string id(target.substr(std::min(target.find("media_id=") + 9, target.size())));
    answer(
        "200 OK",
        "{\"media_id\":" + id + ",\"media_id_string\":\"" + id +
            "\",\"expires_after_secs\":86400,\"processing_info\":{\"state\":\"succeeded\","
            "\"progress_percent\":100}}"
    );
}

void Session::answer_form(std::string_view form) {
    if (parameter(form, "command") == "INIT") {
        const std::string id = store_.create(number(parameter(form, "total_bytes")));
        answer(
            "202 Accepted",
            "{\"media_id\":" + id + ",\"media_id_string\":\"" + id + "\",\"media_key\":\"13_" + id +
                "\",\"expires_after_secs\":86400}"
        );
    } else if (store_.is_packed() && store_.syncs()) {
        waits_for_sync_ = true;
    } else {
        Stored* stored = store_.find(parameter(form, "media_id"));
        if (stored != nullptr) {
            store_.finish(*stored);
        }
        answer("201 Created", "{}");
    }
}

void Session::synced() {
    waits_for_sync_ = false;
    answer("201 Created", "{}");
}

int Session::take_file(std::uint64_t& offset, std::uint64_t& length) {
    const Stored* stored = std::exchange(download_, nullptr);
    if (stored == nullptr) {
        return -1;
    }
    offset = stored->base;
    length = stored->total;
    return stored->file;
}

}  // namespace sluice::yardstick
