// The page /docs/api, from the OpenAPI description that the program carries.
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <string>

#include "base/text.hpp"
#include "server/docs_pages.hpp"
#include "server/error_pages.hpp"
#include "server/markdown.hpp"
#include "server/web_assets.hpp"

namespace sluice::server {
namespace {

namespace json = boost::json;

std::string_view text_of(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : "";
}

const json::object* object_in(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value == nullptr ? nullptr : value->if_object();
}

// "array of Output", "integer or null"
std::string type_of(const json::object& schema) {
    if (const auto ref = text_of(schema, "$ref"); !ref.empty()) {
        const auto name = std::string(ref.substr(ref.rfind('/') + 1));
        return "<a href=\"#" + anchor_of(name) + "\">" + escaped_html(name) + "</a>";
    }
    const json::value* type = schema.if_contains("type");
    if (type != nullptr && type->is_array()) {
        return escaped_html(std::string_view(type->get_array()[0].get_string())) + " or null";
    }
    const auto items = object_in(schema, "items");
    return items != nullptr ? "list of " + type_of(*items) : escaped_html(text_of(schema, "type"));
}

void append_members(std::string& out, const json::object& schema) {
    const auto* members = object_in(schema, "properties");
    if (members == nullptr) {
        return;
    }
    out +=
        "<div class=\"table\" tabindex=\"0\">"
        "<table><thead><tr><th>Member</th><th>Type</th></tr></thead><tbody>\n";
    for (const auto& [name, member] : *members) {
        out += "<tr><td><code>" + escaped_html(std::string_view(name)) + "</code></td><td>" +
               type_of(member.get_object()) + "</td></tr>\n";
    }
    out += "</tbody></table></div>\n";
}

void append_parameters(std::string& out, const json::object& of) {
    const json::value* parameters = of.if_contains("parameters");
    if (parameters == nullptr) {
        return;
    }
    out += "<ul>\n";
    for (const json::value& value : parameters->get_array()) {
        const json::object& parameter = value.get_object();
        out += "<li><code>" + escaped_html(text_of(parameter, "name")) + "</code> (" +
               escaped_html(text_of(parameter, "in")) + ") " +
               markdown_html(text_of(parameter, "description"), "/docs/") + "</li>\n";
    }
    out += "</ul>\n";
}

void append_body(std::string& out, const json::object& content) {
    for (const auto& [type, value] : content) {
        const auto* schema = object_in(value.get_object(), "schema");
        if (schema == nullptr) {
            continue;
        }
        out += " <code>" + escaped_html(std::string_view(type)) + "</code> " + type_of(*schema);
    }
}

void append_answers(std::string& out, const json::object& responses) {
    out += "<ul>\n";
    for (const auto& [status, value] : responses) {
        const json::object& answer = value.get_object();
        out += "<li><strong>" + escaped_html(std::string_view(status)) + "</strong> " +
               escaped_html(text_of(answer, "description"));
        if (const auto* content = object_in(answer, "content")) {
            append_body(out, *content);
        }
        out += "</li>\n";
    }
    out += "</ul>\n";
}

void append_operation(
    std::string& out,
    std::string_view method,
    std::string_view path,
    const json::object& operation,
    const json::object& of_path
) {
    out += "<h3 id=\"" + escaped_html(text_of(operation, "operationId")) + "\"><code>";
    for (const char c : method) {
        out += static_cast<char>(c - 'a' + 'A');
    }
    out += " " + escaped_html(path) + "</code></h3>\n<p>" +
           escaped_html(text_of(operation, "summary")) + ".</p>\n";
    append_parameters(out, of_path);
    append_parameters(out, operation);
    if (const auto* body = object_in(operation, "requestBody")) {
        for (const auto& [type, value] : *object_in(*body, "content")) {
            out += "<p>Takes <code>" + escaped_html(std::string_view(type)) + "</code>:</p>\n";
            append_members(out, *object_in(value.get_object(), "schema"));
        }
    }
    append_answers(out, *object_in(operation, "responses"));
}

void append_path(std::string& out, std::string_view path, const json::object& members) {
    for (const auto& [method, operation] : members) {
        if (operation.is_object()) {
            append_operation(out, method, path, operation.get_object(), members);
        }
    }
}

void append_calls(std::string& out, const json::object& paths) {
    for (const auto& [path, item] : paths) {
        append_path(out, path, item.get_object());
    }
}

void append_objects(std::string& out, const json::object& schemas) {
    out += "<h2>Objects</h2>\n";
    for (const auto& [name, schema] : schemas) {
        out += "<h3 id=\"" + anchor_of(name) + "\">" + escaped_html(std::string_view(name)) +
               "</h3>\n<p>" + escaped_html(text_of(schema.get_object(), "description")) + "</p>\n";
        append_members(out, schema.get_object());
    }
}

}  // namespace

std::string docs_api() {
    const WebAsset* asset = find_web_asset("/openapi.json");
    boost::system::error_code error;
    const auto parsed = json::parse(asset == nullptr ? "{}" : asset->body, error);
    const auto* document = parsed.if_object();
    const auto* paths = document == nullptr ? nullptr : object_in(*document, "paths");
    if (error || paths == nullptr) {
        return html_frame("API", "<h1>API</h1><p>This build has no description of it.</p>");
    }
    std::string body =
        "<h1>API</h1>\n<p>" + escaped_html(text_of(*object_in(*document, "info"), "description")) +
        "</p>\n<p>For programs: <a href=\"/openapi.json\">/openapi.json</a> (OpenAPI "
        "3.1). X's own calls: <a href=\"/docs/protocols/x\">what is spoken</a>.</p>\n"
        "<h2>Calls</h2>\n";
    append_calls(body, *paths);
    append_objects(body, *object_in(*object_in(*document, "components"), "schemas"));
    return html_frame("API", body);
}

}  // namespace sluice::server
