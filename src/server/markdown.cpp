#include "server/markdown.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/text.hpp"
#include "server/web_assets.hpp"

namespace sluice::server {
namespace {

// "/docs/guides/" and "../operations/running.md" -> "/docs/operations/running.md"
std::string joined(std::string_view folder, std::string_view target) {
    std::string path(folder);
    while (target.starts_with("../")) {
        target.remove_prefix(3);
        path.resize(path.size() > 1 ? path.rfind('/', path.size() - 2) + 1 : path.size());
    }
    return path + std::string(target.starts_with("./") ? target.substr(2) : target);
}

// Nothing: there is no such page here.
std::optional<std::string> address_of(std::string_view folder, std::string_view target) {
    if (target.starts_with("https://") || target.starts_with("http://") ||
        target.starts_with('/') || target.starts_with('#')) {
        return std::string(target);
    }
    if (target.contains(':')) {
        return std::nullopt;
    }
    const auto hash = std::min(target.find('#'), target.size());
    std::string path = joined(folder, target.substr(0, hash));
    const bool is_page = find_web_asset(path) != nullptr || path.starts_with("/docs/errors");
    if (!is_page) {
        return std::nullopt;
    }
    path.resize(path.ends_with(".md") ? path.size() - 3 : path.size());
    return path + std::string(target.substr(hash));
}

class Inline {
  public:
    Inline(std::string_view text, std::string_view folder) : text_(text), folder_(folder) {}

    std::string html() {
        while (at_ < text_.size()) {
            if (text_[at_] == '`') {
                take_code();
            } else if (text_.substr(at_, 2) == "**") {
                out_ += is_bold_ ? "</strong>" : "<strong>";
                is_bold_ = !is_bold_;
                at_ += 2;
            } else if (text_[at_] != '[' || !take_link()) {
                out_ += escaped_html(text_.substr(at_++, 1));
            }
        }
        return out_ + (is_bold_ ? "</strong>" : "");
    }

  private:
    void take_code() {
        const std::string_view mark = text_.substr(at_, text_.substr(at_, 2) == "``" ? 2 : 1);
        const auto end = text_.find(mark, at_ + mark.size());
        if (end == std::string_view::npos) {
            out_ += text_[at_++];
            return;
        }
        const auto code = text_.substr(at_ + mark.size(), end - at_ - mark.size());
        out_ += "<code>" + escaped_html(mark.size() == 2 ? trim(code) : code) + "</code>";
        at_ = end + mark.size();
    }

    bool take_link() {
        const auto middle = text_.find("](", at_);
        const auto end = middle == std::string_view::npos ? middle : text_.find(')', middle);
        if (end == std::string_view::npos || text_.find('[', at_ + 1) < middle) {
            return false;
        }
        const auto target = text_.substr(middle + 2, end - middle - 2);
        const auto words = Inline(text_.substr(at_ + 1, middle - at_ - 1), folder_).html();
        const auto address = address_of(folder_, target);
        out_ += address ? "<a href=\"" + escaped_html(*address) + "\">" + words + "</a>" : words;
        at_ = end + 1;
        return true;
    }

    const std::string_view text_;
    const std::string_view folder_;
    std::size_t at_ = 0;
    bool is_bold_ = false;
    std::string out_;
};

bool is_number_item(std::string_view line) {
    const auto digits = std::min(line.find_first_not_of("0123456789"), line.size());
    return digits > 0 && line.substr(digits, 2) == ". ";
}

std::vector<std::string_view> cells_of(std::string_view row) {
    std::vector<std::string_view> cells;
    row = trim(row);
    row.remove_prefix(row.starts_with('|') ? 1 : 0);
    bool is_code = false;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
        is_code = row[i] == '`' ? !is_code : is_code;
        if (row[i] == '|' && !is_code && (i == 0 || row[i - 1] != '\\')) {
            cells.push_back(trim(row.substr(begin, i - begin)));
            begin = i + 1;
        }
    }
    return cells;
}

// Blocks, line by line; lines that belong together are gathered until something else begins.
class Converter {
  public:
    explicit Converter(std::string_view folder) : folder_(folder) {}

    void take(std::string_view line) {
        if (line.starts_with("```")) {
            close();
            is_fence_ = !is_fence_;
            out_ += is_fence_ ? "<pre tabindex=\"0\">" : "</pre>\n";
        } else if (is_fence_) {
            out_ += escaped_html(line) + "\n";
        } else if (line.empty()) {
            end_text();
            end_table();
        } else if (line.starts_with('#')) {
            close();
            heading(line);
        } else if (line.starts_with('|')) {
            table_row(line);
        } else {
            text_line(line);
        }
    }

    std::string finish() {
        close();
        return std::move(out_);
    }

  private:
    std::string inline_html(std::string_view text) const { return Inline(text, folder_).html(); }

    void heading(std::string_view line) {
        const auto level = std::min(line.find_first_not_of('#'), std::size_t{6});
        const auto words = trim(line.substr(level));
        const std::string tag = "h" + std::to_string(level);
        const std::string id = level == 1 ? "" : " id=\"" + anchor_of(words) + "\"";
        out_ += "<" + tag + id + ">" + inline_html(words) + "</" + tag + ">\n";
    }

    void table_row(std::string_view line) {
        end_text();
        end_list();
        const auto cells = cells_of(line);
        if (!in_table_) {
            out_ +=
                "<div class=\"table\" tabindex=\"0\">"
                "<table><thead>";
        } else if (line.find_first_not_of("|-: ") == std::string_view::npos) {
            out_ += "</thead><tbody>\n";
            return;
        }
        const std::string tag = in_table_ ? "td" : "th";
        in_table_ = true;
        out_ += "<tr>";
        for (const std::string_view cell : cells) {
            out_.append("<").append(tag).append(">").append(inline_html(cell));
            out_.append("</").append(tag).append(">");
        }
        out_ += "</tr>\n";
    }

    void text_line(std::string_view line) {
        end_table();
        const auto words = trim(line);
        const bool is_bullet = words.starts_with("- ");
        const bool is_number = is_number_item(words);
        if (is_bullet || is_number) {
            end_text();
            begin_list(is_bullet ? "ul" : "ol");
            is_item_ = true;
            text_ = words.substr(is_bullet ? 2 : words.find(' ') + 1);
            return;
        }
        if (text_.empty() && !line.starts_with(' ')) {
            end_list();
        }
        text_ += text_.empty() ? "" : " ";
        text_ += words;
    }

    void begin_list(std::string_view kind) {
        if (list_ != kind) {
            end_list();
            list_ = kind;
            out_ += "<" + list_ + ">\n";
        }
    }

    void end_text() {
        if (!text_.empty()) {
            const char* tag = is_item_ ? "li" : "p";
            out_ += std::string("<") + tag + ">" + inline_html(text_) + "</" + tag + ">\n";
        }
        text_.clear();
        is_item_ = false;
    }
    void end_list() {
        out_ += list_.empty() ? "" : "</" + list_ + ">\n";
        list_.clear();
    }
    void end_table() {
        out_ += in_table_ ? "</tbody></table></div>\n" : "";
        in_table_ = false;
    }
    void close() {
        end_text();
        end_list();
        end_table();
    }

    const std::string_view folder_;
    std::string out_;
    std::string text_;  // of the paragraph or item that is open
    std::string list_;  // "ul", "ol", or none
    bool is_item_ = false;
    bool is_fence_ = false;
    bool in_table_ = false;
};

}  // namespace

std::string escaped_html(std::string_view text) {
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

std::string anchor_of(std::string_view heading) {
    std::string anchor;
    for (const char c : lower_case(heading)) {
        if (c == ' ' || c == '-') {
            anchor += '-';
        } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_') {
            anchor += c;
        }
    }
    return anchor;
}

std::string markdown_html(std::string_view markdown, std::string_view folder) {
    Converter converter(folder);
    while (!markdown.empty()) {
        const auto end = markdown.find('\n');
        converter.take(markdown.substr(0, end));
        markdown.remove_prefix(end == std::string_view::npos ? markdown.size() : end + 1);
    }
    return converter.finish();
}

}  // namespace sluice::server
