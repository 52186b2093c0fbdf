#include "cli/json_reporter.hpp"

#include <ostream>

#include "base/clock.hpp"

namespace sluice::cli {

JsonWriter begin_json(const char* type) {
    JsonWriter json;
    json.begin_object().member("v", 1).member("type", type);
    json.member("time", rfc3339(SystemClock().now()));
    return json;
}

void write_result(JsonWriter& json, const client::UploadResult& result) {
    json.member("media_id", result.media_id).member("media_key", result.media_key);
    json.member("state", result.state).member("size_bytes", result.size_bytes);
    write_outputs(json, result.outputs);
}

void write_outputs(JsonWriter& json, const std::vector<client::Output>& outputs) {
    json.key("outputs").begin_array();
    for (const auto& output : outputs) {
        json.begin_object().member("name", output.name).member("url", output.url);
        json.member("content_type", output.content_type);
        json.member("size_bytes", output.size_bytes).end_object();
    }
    json.end_array();
}

void write_failure(JsonWriter& json, const client::Failure& failure) {
    const auto text_or_null = [&json](const char* name, const std::string& text) {
        json.key(name);
        text.empty() ? json.null() : json.value(text);
    };
    json.member("code", failure.code).member("detail", failure.message);
    json.member("status", failure.status);
    text_or_null("hint", failure.hint);
    text_or_null("next", failure.next);
    text_or_null("doc_url", failure.doc_url);
    text_or_null("request_id", failure.request_id);
    json.member("retryable", failure.kind == client::FailureKind::temporary);
}

void print_json_failure(std::ostream& out, std::string_view file, const client::Failure& failure) {
    auto json = begin_json("failed");
    json.member("file", file).key("media_id").null();
    json.member("state", "failed").key("size_bytes").null();
    json.key("outputs").begin_array().end_array();
    write_failure(json, failure);
    out << json.end_object().take() << '\n' << std::flush;
}

JsonReporter::JsonReporter(
    std::ostream& out, std::string file, std::uint64_t size_bytes, bool is_quiet
)
    : out_(out), file_(std::move(file)), size_bytes_(size_bytes), is_quiet_(is_quiet) {}

void JsonReporter::on(const client::Event& event) {
    std::visit([&](const auto& what) { write(event, what); }, event.what);
}

JsonWriter JsonReporter::begin(const client::Event& event, const char* type) const {
    auto json = begin_json(type);
    json.member("file", file_).key("id");
    event.media_id.empty() ? json.null() : json.value(event.media_id);
    return json;
}

void JsonReporter::finish(JsonWriter& json, bool is_last) {
    const auto line = json.end_object().take();
    if (is_last || !is_quiet_) {
        out_ << line << '\n' << std::flush;
    }
}

void JsonReporter::write(const client::Event& event, const client::Started& started) {
    auto json = begin(event, "start");
    json.member("bytes", started.bytes_acknowledged).member("total_bytes", started.bytes_total);
    json.member("segments", started.segments).member("resumed", started.resumed);
    finish(json);
}

// Calls are for the timeline; the stream tells what they meant.
void JsonReporter::write(const client::Event&, const client::Called&) {}

void JsonReporter::write(const client::Event& event, const client::Acknowledged& acknowledged) {
    if (event.at < next_progress_) {
        return;
    }
    next_progress_ = event.at + std::chrono::seconds(1);
    auto json = begin(event, "progress");
    json.member("bytes", acknowledged.bytes_acknowledged);
    json.member("total_bytes", acknowledged.bytes_total);
    finish(json);
}

void JsonReporter::write(const client::Event& event, const client::Retrying& retry) {
    auto json = begin(event, "retry");
    json.member("call", retry.name).member("tries", retry.tries);
    json.member("delay_ms", retry.delay.count());
    write_failure(json, retry.why);
    finish(json);
}

void JsonReporter::write(const client::Event& event, const client::Sent& sent) {
    auto json = begin(event, "sent");
    json.member("bytes", sent.bytes_total).member("total_bytes", sent.bytes_total);
    finish(json);
}

void JsonReporter::write(const client::Event& event, const client::StatusKnown& status) {
    const auto& processing = status.processing;
    auto json = begin(event, "processing");
    json.member("state", processing.state).key("progress_percent");
    processing.percent ? json.value(*processing.percent) : json.null();
    json.key("check_after_secs");
    processing.check_after ? json.value(processing.check_after->count()) : json.null();
    finish(json);
}

void JsonReporter::write(const client::Event& event, const client::Ready& ready) {
    auto json = begin(event, "ready");
    write_result(json, ready.result);
    finish(json, true);
}

void JsonReporter::write(const client::Event& event, const client::Failed& failed) {
    auto json = begin(event, "failed");
    json.key("media_id");
    event.media_id.empty() ? json.null() : json.value(event.media_id);
    json.member("state", "failed").member("size_bytes", size_bytes_);
    write_outputs(json, {});
    write_failure(json, failed.failure);
    finish(json, true);
}

}  // namespace sluice::cli
