// The parameters of a call, from wherever the client put them: query, form, multipart or JSON.
// Names are as received.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace sluice::protocol {

class Parameters {
  public:
    // Errors: parameter_conflict, when the name is there with another value. An empty value yields
    // to another; the entries of a list add up, joined with commas. `place` is a literal.
    Result<void> add(std::string_view name, std::string value, std::string_view place);
    // All of a query string. Errors: parameter_invalid (broken percent-encoding),
    // parameter_conflict.
    Result<void> add_query(std::string_view raw_query);

    // Nothing if absent; an empty value is there.
    std::optional<std::string_view> find(std::string_view name) const;
    // Empty if absent.
    std::string_view get(std::string_view name) const { return find(name).value_or(""); }
    bool has(std::string_view name) const { return find(name).has_value(); }
    // The first name that begins so; empty: none does.
    std::string first_with(std::string_view beginning) const;
    // "command (query), media_id (form body)"; for telling what was received.
    std::string listed() const;
    void remove(const std::string& name) { values_.erase(name); }

  private:
    void add_to_list(std::string_view name, std::string_view value, std::string_view place);

    struct Value {
        std::string text;
        std::string_view place;
    };
    std::map<std::string, Value, std::less<>> values_;
};

}  // namespace sluice::protocol
