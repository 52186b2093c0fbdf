#include "server/docs_pages.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>
#include <vector>

#include "base/error_catalogue.hpp"
#include "base/text.hpp"
#include "server/error_pages.hpp"
#include "server/markdown.hpp"
#include "server/web_assets.hpp"

namespace sluice::server {
namespace {

constexpr std::string_view root = "/docs/";
constexpr std::size_t found_max = 40;
constexpr std::size_t snippet_length = 180;
constexpr std::size_t summary_length = 110;

struct Section {
    std::string_view folder;
    std::string_view title;
};
constexpr std::array sections{
    Section{"/docs/guides/", "Guides"},
    Section{"/docs/operations/", "Running it"},
    Section{"/docs/protocols/", "What is spoken"},
};

struct Page {
    std::string address;
    std::string title;
    std::string text;  // Markdown
};

std::string title_of(std::string_view markdown) {
    const auto line = markdown.substr(0, markdown.find('\n'));
    return std::string(trim(line.substr(std::min(line.find_first_not_of('#'), line.size()))));
}

// The paragraph behind the first empty line; what is no text is passed over.
std::string_view first_text_of(std::string_view markdown) {
    while (true) {
        markdown.remove_prefix(std::min(markdown.find("\n\n"), markdown.size()));
        markdown.remove_prefix(std::min(markdown.find_first_not_of('\n'), markdown.size()));
        if (!markdown.starts_with("```")) {
            return markdown.substr(0, markdown.find("\n\n"));
        }
        const auto end = markdown.find("\n```", 3);
        markdown.remove_prefix(std::min(end, markdown.size()));
    }
}

// Its first sentence, without marks, and not too long.
std::string summary_of(std::string_view markdown) {
    std::string text(first_text_of(markdown));
    std::ranges::replace(text, '\n', ' ');
    for (auto at = text.find("]("); at != std::string::npos; at = text.find("](")) {
        text.erase(at, std::min(text.find(')', at), text.size() - 1) - at + 1);
    }
    std::erase_if(text, [](char c) { return c == '`' || c == '*' || c == '['; });
    const auto end = text.find(". ");
    text.resize(end == std::string::npos ? text.size() : end + 1);
    if (text.size() > summary_length) {
        text.resize(text.rfind(' ', summary_length));
        text += " …";
    }
    return text;
}

std::string card(const std::string& address, const std::string& title, const std::string& about) {
    return "<li><a href=\"" + escaped_html(address) + "\"><strong>" + escaped_html(title) +
           "</strong><span>" + escaped_html(about) + "</span></a></li>\n";
}

std::string section_html(const Section& section) {
    std::string html = "<h2>" + std::string(section.title) + "</h2>\n<ul class=\"cards\">\n";
    for (const WebAsset& asset : web_assets()) {
        if (asset.path.starts_with(section.folder)) {
            html += card(
                std::string(asset.path.substr(0, asset.path.size() - 3)),
                title_of(asset.body),
                summary_of(asset.body)
            );
        }
    }
    return html + "</ul>\n";
}

std::vector<Page> all_pages() {
    std::vector<Page> pages;
    for (const WebAsset& asset : web_assets()) {
        if (asset.path.starts_with(root) && asset.path.ends_with(".md")) {
            pages.push_back(
                {std::string(asset.path.substr(0, asset.path.size() - 3)),
                 title_of(asset.body),
                 std::string(asset.body)}
            );
        }
    }
    for (const ErrorEntry& entry : error_catalogue()) {
        pages.push_back(
            {"/docs/errors/" + std::string(entry.slug), std::string(entry.slug), error_page(entry)}
        );
    }
    return pages;
}

// As a reader of the page sees it: its HTML without tags.
std::string text_of(std::string_view html) {
    static constexpr std::array<std::pair<std::string_view, char>, 4> entities{
        {{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&amp;", '&'}}
    };
    static constexpr std::array<std::string_view, 2> between_cells{"</th><th>", "</td><td>"};
    std::string text;
    while (!html.empty()) {
        if (std::ranges::any_of(between_cells, [&](auto mark) { return html.starts_with(mark); })) {
            text += " · ";
        }
        const auto entity = std::ranges::find_if(entities, [&](const auto& one) {
            return html.starts_with(one.first);
        });
        if (entity != entities.end()) {
            text += entity->second;
            html.remove_prefix(entity->first.size());
        } else if (html.front() == '<') {
            html.remove_prefix(std::min(html.find('>'), html.size() - 1) + 1);
        } else {
            text += html.front();
            html.remove_prefix(1);
        }
    }
    std::ranges::replace(text, '\n', ' ');
    return std::string(trim(text));
}

// The line of the page around `at`, at most so long that it can be read at a glance.
std::string snippet_of(const Page& page, std::size_t at) {
    const auto begin = at == 0 ? 0 : page.text.rfind('\n', at) + 1;
    const auto line = std::string_view(page.text).substr(begin);
    const auto folder = std::string_view(page.address).substr(0, page.address.rfind('/') + 1);
    std::string text = text_of(markdown_html(line.substr(0, line.find('\n')), folder));
    if (text.size() > snippet_length) {
        text.resize(std::min(text.rfind(' ', snippet_length), snippet_length));
        text += " …";
    }
    return text;
}

struct Found {
    Page page;
    int score = 0;
    std::string snippet;
};

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    const std::string lower = lower_case(text);
    std::string_view rest = lower;
    while (!rest.empty()) {
        const auto end = std::min(rest.find(' '), rest.size());
        if (end > 0) {
            words.emplace_back(rest.substr(0, end));
        }
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return words;
}

// Every word has to be there; the title counts most.
std::optional<Found> find_in(Page page, const std::vector<std::string>& words) {
    const std::string text = lower_case(page.text);
    const std::string title = lower_case(page.title);
    Found found{.page = std::move(page)};
    for (const std::string& word : words) {
        const auto at = text.find(word);
        if (at == std::string::npos) {
            return std::nullopt;
        }
        found.score += title == word ? 100 : title.contains(word) ? 20 : 1;
        if (found.snippet.empty()) {
            // The headings are told by the title.
            const auto in_text = text.find(word, std::min(text.find("\n\n"), text.size()));
            found.snippet = snippet_of(found.page, in_text == std::string::npos ? at : in_text);
        }
    }
    return found;
}

}  // namespace

std::optional<std::string_view> docs_markdown(std::string_view name) {
    const WebAsset* asset = find_web_asset(std::string(root) + std::string(name) + ".md");
    return asset == nullptr ? std::nullopt : std::optional(asset->body);
}

std::string docs_index() {
    std::string body = "<h1>Documentation</h1>\n<ul class=\"cards\">\n";
    body +=
        card("/docs/quickstart", "Quickstart", "A server, an upload and its result in a minute.");
    body += card("/docs/api", "API", "Every call of the native API, from its OpenAPI description.");
    body += card("/docs/errors/", "Errors", "One page for each cause: what it means, what to do.");
    body += "</ul>\n";
    for (const Section& section : sections) {
        body += section_html(section);
    }
    return html_frame("Documentation", body);
}

std::string docs_search(std::string_view text) {
    const auto words = words_of(text);
    std::vector<Found> all;
    for (Page& page : all_pages()) {
        if (auto found = words.empty() ? std::nullopt : find_in(std::move(page), words)) {
            all.push_back(*std::move(found));
        }
    }
    std::ranges::sort(all, [](const Found& left, const Found& right) {
        return std::tie(right.score, left.page.address) < std::tie(left.score, right.page.address);
    });
    std::string body = "<h1>Search</h1>\n<p class=\"note\">" + std::to_string(all.size()) +
                       (all.size() == 1 ? " page has " : " pages have ") + "&quot;" +
                       escaped_html(printable(text, 100)) + "&quot;.</p>\n<ul class=\"cards\">\n";
    all.resize(std::min(all.size(), found_max));
    for (const Found& found : all) {
        body += card(found.page.address, found.page.title, found.snippet);
    }
    return html_frame("Search", body + "</ul>\n");
}

}  // namespace sluice::server
