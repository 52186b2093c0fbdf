// What the connections of one loop share.
#include "http/loop_services.hpp"

#include "http/connection.hpp"

namespace sluice::http {

namespace {

// Of requests that are over; one with long texts gives its memory back.
constexpr std::size_t spare_max = 64;
constexpr std::size_t spare_texts_of_request_max = 1024;
constexpr std::size_t spare_text_max = 8 * 1024;
// For one that may go.
constexpr std::size_t idle_looked_at_max = 32;

}  // namespace

const std::string& LoopServices::date(WallTime now) {
    const auto second = std::chrono::floor<std::chrono::seconds>(now);
    if (second != date_second_) {
        date_second_ = second;
        date_ = http_date(second);
    }
    return date_;
}

std::unique_ptr<Request> LoopServices::take_request() {
    if (spare.empty()) {
        return std::make_unique<Request>();
    }
    auto request = std::move(spare.back());
    spare.pop_back();
    return request;
}

std::string LoopServices::take_text() {
    if (spare_texts.empty()) {
        return {};
    }
    auto text = std::move(spare_texts.back());
    spare_texts.pop_back();
    text.clear();
    return text;
}

void LoopServices::give_back(std::unique_ptr<Request> request, std::string text) {
    const std::size_t kept =
        request->target.capacity() + request->base_url.capacity() + request->raw_query.capacity();
    if (spare.size() < spare_max && kept <= spare_texts_of_request_max) {
        make_empty(*request);
        spare.push_back(std::move(request));
    }
    if (spare_texts.size() < spare_max && !text.empty() && text.capacity() <= spare_text_max) {
        spare_texts.push_back(std::move(text));
    }
}

void LoopServices::drain() {
    is_draining = true;
    while (!idle.is_alone()) {
        Connection::of(*idle.behind()).close_idle();
    }
}

bool LoopServices::close_longest_idle() {
    std::size_t looked_at = 0;
    for (RingNode* node = idle.behind(); node != &idle; node = node->behind()) {
        if (++looked_at > idle_looked_at_max) {
            break;
        }
        Connection& connection = Connection::of(*node);
        if (connection.may_go()) {
            connection.close_idle();  // leaves the ring
            budget->note_idle_closed();
            return true;
        }
    }
    return false;
}

bool LoopServices::cut_longest_lingering() {
    if (lingering.is_alone() || !Connection::of(*lingering.behind()).may_be_cut()) {
        return false;
    }
    Connection::of(*lingering.behind()).close_idle();
    budget->note_idle_closed();
    return true;
}

}  // namespace sluice::http
