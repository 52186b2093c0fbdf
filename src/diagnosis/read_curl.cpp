// What `curl -v` prints, line by line: "> " is the head of a request, "< " that of an answer, "* "
// and "{ }" are remarks, and everything else is a body. `--trace-ascii -` says the same in blocks.
#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "diagnosis/curl_command.hpp"
#include "diagnosis/read_trace.hpp"
#include "diagnosis/recorded_exchange.hpp"
#include "diagnosis/times.hpp"

namespace sluice::diagnosis {
namespace {

constexpr std::size_t body_max = 1 << 20;
constexpr std::size_t fields_max = 1000;

enum class Block : std::uint8_t { none, request_head, request_body, answer_head, answer_body };

std::string_view without_end(std::string_view line) {
    return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

// One state of curl's progress meter: numbers, times and nothing else.
bool is_progress(std::string_view text) {
    constexpr std::size_t length_min = 40;
    return text.size() >= length_min &&
           text.find_first_not_of("0123456789 :-.kMG") == std::string_view::npos;
}

// A line of a body without the progress meter, which curl writes over itself on the same line when
// both go to one file.
std::string without_meter(std::string_view line) {
    constexpr std::string_view titles = "  % Total    % Received";
    line = line.substr(0, line.find(titles));
    if (line.find("Dload  Upload") != std::string_view::npos) {
        return {};
    }
    std::string kept;
    while (!line.empty()) {
        const auto end = std::min(line.find('\r'), line.size());
        // The remarks of the next call may follow at once.
        auto piece = line.substr(0, end);
        piece = piece.substr(0, std::min(piece.find("*   Trying "), piece.find("* Re-using ")));
        if (!is_progress(piece)) {
            kept += piece;
        }
        line.remove_prefix(std::min(end + 1, line.size()));
    }
    return kept;
}

class CurlReader {
  public:
    Result<Trace> read(std::string_view text) {
        while (!text.empty()) {
            const auto end = std::min(text.find('\n'), text.size());
            take(without_end(text.substr(0, end)));
            text.remove_prefix(std::min(end + 1, text.size()));
        }
        finish();
        if (trace_.calls.empty()) {
            return Error{
                .code = ErrorCode::parameter_invalid,
                .facts =
                    "It is neither a HAR file nor what curl -v prints: there is no line that "
                    "begins with \"> POST\" or \"> GET\".",
            };
        }
        return std::move(trace_);
    }

  private:
    void take(std::string_view line) {
        line = take_time(line);
        if (take_block_title(line)) {
            return;
        }
        if (is_blocks_) {
            take_block_line(line);
            return;
        }
        const bool is_head =
            line.starts_with("> ") || line == ">" || line.starts_with("< ") || line == "<";
        if (is_head) {
            const bool is_answer = line.front() == '<';
            take_head(is_answer, line.substr(std::min<std::size_t>(2, line.size())));
        } else if (is_command(line)) {
            take_command(line);
        } else if (is_remark(line)) {
            take_remark(line);
        } else {
            take_body(line);
        }
    }

    // Whether the connection that is used now is encrypted.
    void take_remark(std::string_view line) {
        if (line.starts_with("* Connected to ")) {
            is_tls_ = line.find("port 443") != std::string_view::npos;
        } else if (line.starts_with("* SSL connection ") || line.starts_with("* ALPN")) {
            is_tls_ = true;
        }
    }

    static bool is_remark(std::string_view line) {
        return line.starts_with("* ") || line.starts_with("{ [") || line.starts_with("} [") ||
               line == "*" || line.starts_with("  % Total") || line.starts_with("== Info");
    }

    static bool is_command(std::string_view line) {
        line = line.starts_with("$ ") ? line.substr(2) : line;
        return line.starts_with("curl ");
    }

    std::string_view take_time(std::string_view line) {
        if (const auto time = time_of_day(line); time && line.size() > 16 && line[15] == ' ') {
            time_ = *time;
            return line.substr(16);
        }
        return line;
    }

    // "=> Send header, 210 bytes (0xd2)"
    bool take_block_title(std::string_view line) {
        Block block = Block::none;
        if (line.starts_with("=> Send header")) {
            block = Block::request_head;
            begin_request();
        } else if (line.starts_with("=> Send data")) {
            block = Block::request_body;
        } else if (line.starts_with("<= Recv header")) {
            block = Block::answer_head;
        } else if (line.starts_with("<= Recv data")) {
            block = Block::answer_body;
        } else if (!line.starts_with("== Info")) {
            return false;
        }
        is_blocks_ = true;
        block_ = block;
        return true;
    }

    // "0000: POST /1.1/media/upload.json HTTP/1.1"
    void take_block_line(std::string_view line) {
        if (line.size() < 6 || line.substr(4, 2) != ": ") {
            return;
        }
        const std::string_view text = line.substr(6);
        if (block_ == Block::request_head || block_ == Block::answer_head) {
            take_head(block_ == Block::answer_head, text);
        } else if (block_ == Block::request_body) {
            append(exchange_.request_body, text, true);
        } else if (block_ == Block::answer_body) {
            append(exchange_.response_body, text, false);
        }
    }

    static void append(std::string& body, std::string_view text, bool with_line_end) {
        if (body.size() + text.size() < body_max) {
            body += text;
            body += with_line_end ? "\n" : "";
        }
    }

    void begin_request() {
        finish();
        exchange_ = {};
        is_open_ = true;
        exchange_.at = time_ ? std::optional(WallTime(*time_)) : std::nullopt;
        exchange_.parts = std::exchange(command_.parts, {});
        const std::string url = std::exchange(command_.url, {});
        const bool is_plain = url.empty() ? !is_tls_ : url.starts_with("http://");
        scheme_ = is_plain ? "http://" : "https://";
    }

    void take_head(bool is_answer, std::string_view line) {
        const bool is_status = is_answer && line.starts_with("HTTP/");
        if (is_status) {
            const auto blank = line.find(' ');
            const auto code = blank == std::string_view::npos
                                  ? std::nullopt
                                  : parse_unsigned(line.substr(blank + 1, 3));
            // 100 Continue is followed by the answer itself.
            exchange_.status = code && *code >= 200 ? static_cast<int>(*code) : 0;
            exchange_.response_headers.clear();
            exchange_.ended_at = time_ ? std::optional(WallTime(*time_)) : std::nullopt;
            return;
        }
        const auto last_blank = line.rfind(' ');
        const bool is_request_line = !is_answer && last_blank != std::string_view::npos &&
                                     line.substr(last_blank + 1).starts_with("HTTP/");
        if (is_request_line) {
            if (!is_blocks_) {
                begin_request();
            }
            const auto blank = line.find(' ');
            exchange_.method = line.substr(0, blank);
            exchange_.url = line.substr(blank + 1, last_blank - std::min(blank + 1, last_blank));
            return;
        }
        take_field(is_answer, line);
    }

    void take_field(bool is_answer, std::string_view line) {
        const auto colon = line.find(':');
        Fields& fields = is_answer ? exchange_.response_headers : exchange_.request_headers;
        if (colon == std::string_view::npos || fields.size() >= fields_max) {
            return;
        }
        const std::string_view value = trim(line.substr(colon + 1));
        fields.emplace_back(line.substr(0, colon), value);
        if (!is_answer && equals_ignoring_case(line.substr(0, colon), "host")) {
            exchange_.host = value;
        }
    }

    void take_body(std::string_view line) {
        if (is_open_ && exchange_.status != 0) {
            append(exchange_.response_body, without_meter(line), true);
        }
    }

    void take_command(std::string_view line) {
        finish();
        command_ = curl_command_of(line);
    }

    void finish() {
        if (!std::exchange(is_open_, false) || exchange_.method.empty() ||
            trace_.calls.size() >= recorded_calls_max) {
            return;
        }
        // The remarks of curl stand at the end of the line that the body did not end.
        const auto remark = exchange_.response_body.find("* Connection #");
        exchange_.response_body.resize(std::min(remark, exchange_.response_body.size()));
        if (!exchange_.host.empty() && exchange_.url.starts_with('/')) {
            exchange_.url = scheme_ + exchange_.host + exchange_.url;
        }
        trace_.calls.push_back(call_of(exchange_));
    }

    Trace trace_;
    RecordedExchange exchange_;
    CurlCommand command_;
    std::string scheme_ = "https://";
    std::optional<std::chrono::milliseconds> time_;
    Block block_ = Block::none;
    bool is_blocks_ = false;
    bool is_open_ = false;
    bool is_tls_ = true;  // X's hosts are; a remark of curl's says otherwise
};

}  // namespace

Result<Trace> read_curl(std::string_view text) {
    return CurlReader().read(text);
}

}  // namespace sluice::diagnosis
