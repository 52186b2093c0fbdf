#include "media/worker_protocol.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cmath>

#include "base/json_writer.hpp"
#include "base/text.hpp"

namespace sluice {
namespace {

namespace json = boost::json;

constexpr std::size_t outputs_max = 64;
constexpr std::size_t text_max = 4096;
constexpr std::int64_t milliseconds_max = 7LL * 24 * 3600 * 1000;

// Reads members of one object and remembers the first thing that is wrong, so that a decoder reads
// like a list.
class Members {
  public:
    explicit Members(const json::object& object) : object_(object) {}

    std::string text(std::string_view name, std::size_t length_max = text_max) {
        const auto* value = find(name);
        if (value == nullptr || !value->is_string() || value->get_string().size() > length_max) {
            return wrong<std::string>(name);
        }
        return std::string(value->get_string());
    }

    std::int64_t number(std::string_view name, std::int64_t low, std::int64_t high) {
        const auto* value = find(name);
        if (value == nullptr || !value->is_int64() || value->get_int64() < low ||
            value->get_int64() > high) {
            return wrong<std::int64_t>(name);
        }
        return value->get_int64();
    }

    double real(std::string_view name, double low, double high) {
        const auto* value = find(name);
        if (value == nullptr || !value->is_number()) {
            return wrong<double>(name);
        }
        const double read = value->to_number<double>();
        return std::isfinite(read) && read >= low && read <= high ? read : wrong<double>(name);
    }

    bool flag(std::string_view name) {
        const auto* value = find(name);
        return value != nullptr && value->is_bool() ? value->get_bool() : wrong<bool>(name);
    }

    const json::array* array(std::string_view name, std::size_t count_max) {
        const auto* value = find(name);
        if (value == nullptr || !value->is_array() || value->get_array().size() > count_max) {
            return wrong<const json::array*>(name);
        }
        return &value->get_array();
    }

    // Ids are decimal strings, as everywhere: 64 bits do not survive every JSON reader.
    std::uint64_t id(std::string_view name) {
        const auto parsed = parse_unsigned(text(name, 20));
        return parsed ? *parsed : wrong<std::uint64_t>(name);
    }

    std::chrono::milliseconds milliseconds(std::string_view name) {
        return std::chrono::milliseconds{number(name, 0, milliseconds_max)};
    }

    OutputRole role(std::string_view name) {
        const auto parsed = parse_output_role(text(name, 32));
        return parsed ? *parsed : wrong<OutputRole>(name);
    }

    void refuse(std::string_view name) { wrong<int>(name); }
    const std::string& wrong_member() const { return wrong_; }

  private:
    const json::value* find(std::string_view name) const { return object_.if_contains(name); }

    template <class T>
    T wrong(std::string_view name) {
        if (wrong_.empty()) {
            wrong_ = name;
        }
        return T{};
    }

    const json::object& object_;
    std::string wrong_;
};

Error refusal(std::string detail) {
    return {.code = ErrorCode::internal, .detail = "worker protocol: " + std::move(detail)};
}

// The object of a line, or why it is none.
Result<json::object> parse_object(std::string_view line) {
    if (line.size() > worker_line_max) {
        return refusal("line too long");
    }
    boost::system::error_code wrong;
    auto value = json::parse(line, wrong);
    if (wrong || !value.is_object()) {
        return refusal("not a JSON object: " + printable(line));
    }
    return std::move(value.get_object());
}

template <class T>
Result<T> checked(T value, const Members& members) {
    if (!members.wrong_member().empty()) {
        return refusal("member missing or malformed: " + members.wrong_member());
    }
    return value;
}

ProducedFile decode_output(Members& members) {
    ProducedFile output{
        .name = members.text("name", 100),
        .content_type = members.text("content_type", 100),
        .size = {static_cast<std::uint64_t>(members.number("size", 1, INT64_MAX))},
        .width = static_cast<std::uint32_t>(members.number("width", 0, 100'000)),
        .height = static_cast<std::uint32_t>(members.number("height", 0, 100'000)),
        .duration_ms = static_cast<std::uint64_t>(members.milliseconds("duration_ms").count()),
        .role = members.role("role"),
        .is_copied = members.flag("is_copied"),
        .placeholder = members.text("placeholder", 64),
    };
    if (!is_output_name(output.name)) {
        members.refuse("name");
    }
    if (!may_have_type(output.role, output.content_type)) {
        members.refuse("content_type");
    }
    return output;
}

void decode_outputs(Members& members, std::vector<ProducedFile>& outputs) {
    const auto* array = members.array("outputs", outputs_max);
    if (array == nullptr) {
        return;
    }
    for (const auto& entry : *array) {
        if (!entry.is_object()) {
            return members.refuse("outputs");
        }
        Members inner(entry.get_object());
        outputs.push_back(decode_output(inner));
        if (!inner.wrong_member().empty()) {
            return members.refuse("outputs." + inner.wrong_member());
        }
    }
}

WorkerHello decode_hello(Members& members) {
    return {
        .pid = static_cast<std::uint64_t>(members.number("pid", 1, INT32_MAX)),
        .version = members.text("version", 100),
    };
}

ProgressReport decode_progress(Members& members) {
    return {
        .job = {members.id("job")},
        .percent = static_cast<int>(members.number("percent", 0, 99)),
        .step = members.text("step", 32),
        .remaining = members.milliseconds("remaining_ms"),
    };
}

PlayableReport decode_playable(Members& members) {
    PlayableReport report{.job = {members.id("job")}, .outputs = {}};
    decode_outputs(members, report.outputs);
    return report;
}

DoneReport decode_done(Members& members) {
    DoneReport report{
        .job = {members.id("job")},
        .outputs = {},
        .predicted = members.milliseconds("predicted_ms"),
        .spent = members.milliseconds("spent_ms"),
        .content =
            {
                .media_type = members.text("media_type", 64),
                .width = static_cast<std::uint32_t>(members.number("width", 0, INT32_MAX)),
                .height = static_cast<std::uint32_t>(members.number("height", 0, INT32_MAX)),
                .conversions = members.text("conversions", 2048),
                .probed = members.text("probed", 1024),
            },
    };
    decode_outputs(members, report.outputs);
    return report;
}

FailedReport decode_failed(Members& members) {
    return {
        .job = {members.id("job")},
        .failure =
            {
                .code = static_cast<int>(members.number("code", 1, 99)),
                .name = members.text("name", 64),
                .reason = members.text("reason", 64),
                .message = members.text("message", 1024),
            },
        .may_retry = members.flag("may_retry"),
    };
}

void write_output(JsonWriter& out, const ProducedFile& output) {
    out.begin_object()
        .member("name", output.name)
        .member("content_type", output.content_type)
        .member("size", output.size.value)
        .member("width", output.width)
        .member("height", output.height)
        .member("duration_ms", output.duration_ms)
        .member("role", name_of(output.role))
        .member("is_copied", output.is_copied)
        .member("placeholder", output.placeholder)
        .end_object();
}

void write(JsonWriter& out, const WorkerHello& hello) {
    out.member("type", "hello").member("pid", hello.pid).member("version", hello.version);
}

void write(JsonWriter& out, const ProgressReport& report) {
    out.member("type", "progress")
        .member("job", std::to_string(report.job.value))
        .member("percent", report.percent)
        .member("step", report.step)
        .member("remaining_ms", report.remaining.count());
}

void write_outputs(JsonWriter& out, const std::vector<ProducedFile>& outputs) {
    out.key("outputs").begin_array();
    for (const auto& output : outputs) {
        write_output(out, output);
    }
    out.end_array();
}

void write(JsonWriter& out, const PlayableReport& report) {
    out.member("type", "playable").member("job", std::to_string(report.job.value));
    write_outputs(out, report.outputs);
}

void write(JsonWriter& out, const DoneReport& report) {
    out.member("type", "done")
        .member("job", std::to_string(report.job.value))
        .member("predicted_ms", report.predicted.count())
        .member("spent_ms", report.spent.count())
        .member("media_type", report.content.media_type)
        .member("width", report.content.width)
        .member("height", report.content.height)
        .member("conversions", report.content.conversions)
        .member("probed", report.content.probed);
    write_outputs(out, report.outputs);
}

void write(JsonWriter& out, const FailedReport& report) {
    out.member("type", "failed")
        .member("job", std::to_string(report.job.value))
        .member("code", report.failure.code)
        .member("name", report.failure.name)
        .member("reason", report.failure.reason)
        .member("message", report.failure.message)
        .member("may_retry", report.may_retry);
}

}  // namespace

std::string encode(const JobOrder& order) {
    JsonWriter out;
    out.begin_object()
        .member("type", "job")
        .member("job", std::to_string(order.job.value))
        .member("media", order.media.text())
        .member("category", name_of(order.category))
        .member("declared_type", order.declared_type)
        .member("input", order.input)
        .member("output_folder", order.output_folder)
        .member("cores", order.cores)
        .member("speed_factor", order.speed_factor)
        .member("speed_spread", order.speed_spread)
        .member("as_x", order.as_x)
        .member("may_copy", order.may_copy)
        .member("with_avif", order.with_avif)
        .end_object();
    return out.take() + "\n";
}

std::string encode(const WorkerReport& report) {
    JsonWriter out;
    out.begin_object();
    std::visit([&out](const auto& what) { write(out, what); }, report);
    out.end_object();
    return out.take() + "\n";
}

Result<JobOrder> decode_order(std::string_view line) {
    auto object = parse_object(line);
    if (!object) {
        return std::move(object).error();
    }
    Members members(*object);
    const auto category = parse_category(members.text("category", 32));
    if (members.text("type") != "job" || !category) {
        return refusal("not a job");
    }
    JobOrder order{
        .job = {members.id("job")},
        .media = {members.id("media")},
        .category = *category,
        .declared_type = members.text("declared_type"),
        .input = members.text("input"),
        .output_folder = members.text("output_folder"),
        .cores = static_cast<unsigned>(members.number("cores", 1, 1024)),
        .speed_factor = members.real("speed_factor", 0.01, 100),
        .speed_spread = members.real("speed_spread", 1, 100),
        .as_x = members.flag("as_x"),
        .may_copy = members.flag("may_copy"),
        .with_avif = members.flag("with_avif"),
    };
    return checked(std::move(order), members);
}

Result<WorkerReport> decode_report(std::string_view line) {
    auto object = parse_object(line);
    if (!object) {
        return std::move(object).error();
    }
    Members members(*object);
    const auto type = members.text("type", 32);
    if (type == "progress") {
        return checked<WorkerReport>(decode_progress(members), members);
    }
    if (type == "playable") {
        return checked<WorkerReport>(decode_playable(members), members);
    }
    if (type == "done") {
        return checked<WorkerReport>(decode_done(members), members);
    }
    if (type == "failed") {
        return checked<WorkerReport>(decode_failed(members), members);
    }
    if (type == "hello") {
        return checked<WorkerReport>(decode_hello(members), members);
    }
    return refusal("unknown report: " + printable(type));
}

}  // namespace sluice
