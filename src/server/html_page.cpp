// The Markdown that error_pages.cpp writes, as HTML. Not a general converter: it knows headings,
// "- " lists, fences, `code`, **bold** and [links](…), and escapes everything else.
#include <string>
#include <string_view>

#include "server/error_pages.hpp"

namespace sluice::server {
namespace {

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

// Replaces pairs of `mark` by a tag; what stands in code is left alone.
std::string with_tags(const std::string& text) {
    std::string out;
    bool in_code = false;
    bool is_bold = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '`') {
            in_code = !in_code;
            out += in_code ? "<code>" : "</code>";
        } else if (!in_code && text.compare(i, 2, "**") == 0) {
            is_bold = !is_bold;
            out += is_bold ? "<strong>" : "</strong>";
            ++i;
        } else {
            out += text[i];
        }
    }
    return out;
}

std::string inline_html(std::string_view line) {
    const auto middle = line.find("](/");
    if (!line.starts_with('[') || middle == std::string_view::npos) {
        return with_tags(escaped(line));
    }
    const auto end = line.find(')', middle);
    const auto target = line.substr(middle + 2, end - middle - 2);
    return "<a href=\"" + escaped(target) + "\">" + escaped(line.substr(1, middle - 1)) + "</a>" +
           escaped(line.substr(end + 1));
}

std::string block_html(std::string_view line) {
    if (line.starts_with("## ")) {
        return "<h2>" + inline_html(line.substr(3)) + "</h2>\n";
    }
    if (line.starts_with("# ")) {
        return "<h1>" + inline_html(line.substr(2)) + "</h1>\n";
    }
    return line.empty() ? "" : "<p>" + inline_html(line) + "</p>\n";
}

class Converter {
  public:
    void take(std::string_view line) {
        if (line.starts_with("```")) {
            end_list();
            in_fence_ = !in_fence_;
            body_ += in_fence_ ? "<pre>" : "</pre>\n";
        } else if (in_fence_) {
            body_ += escaped(line) + "\n";
        } else if (line.starts_with("- ")) {
            body_ += in_list_ ? "" : "<ul>\n";
            in_list_ = true;
            body_ += "<li>" + inline_html(line.substr(2)) + "</li>\n";
        } else {
            end_list();
            body_ += block_html(line);
        }
    }

    std::string finish() {
        end_list();
        return std::move(body_);
    }

  private:
    void end_list() {
        body_ += in_list_ ? "</ul>\n" : "";
        in_list_ = false;
    }

    std::string body_;
    bool in_fence_ = false;
    bool in_list_ = false;
};

}  // namespace

std::string html_page(const std::string& markdown) {
    Converter converter;
    std::string_view rest = markdown;
    const auto title = rest.substr(0, rest.find('\n'));
    while (!rest.empty()) {
        const auto end = rest.find('\n');
        converter.take(rest.substr(0, end));
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
           "<meta name=\"viewport\" content=\"width=device-width\">"
           "<meta name=\"color-scheme\" content=\"light dark\"><title>" +
           escaped(title.substr(2)) +
           " - Sluice</title></head><body>\n<p><a href=\"/docs/errors/\">All errors</a></p>\n" +
           converter.finish() + "</body></html>\n";
}

}  // namespace sluice::server
