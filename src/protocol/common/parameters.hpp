// The parameters of a call, from wherever the client put them: query, form, multipart or JSON.
// Names are as received.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace sluice::protocol {

class Parameters {
  public:
    enum class Place : std::uint8_t { query, path, form_body, multipart_body, json_body };

    // Errors: parameter_conflict, when the name is there with another value. An empty value yields
    // to another; the entries of a list add up, joined with commas.
    Result<void> add(std::string_view name, std::string_view value, Place place);
    // All of a query string. Errors: parameter_invalid (broken percent-encoding),
    // parameter_conflict.
    Result<void> add_query(std::string_view raw_query);

    // Nothing if absent; an empty value is there. Good until something is added or removed.
    std::optional<std::string_view> find(std::string_view name) const;
    // Empty if absent.
    std::string_view get(std::string_view name) const { return find(name).value_or(""); }
    bool has(std::string_view name) const { return find(name).has_value(); }
    // The first name, in the order of their bytes, that begins so; empty: none does.
    std::string first_with(std::string_view beginning) const;
    // "command (query), media_id (form body)", by name; for telling what was received.
    std::string listed() const;
    void remove(std::string_view name);

  private:
    // One text for both: most are short, and thousands of calls stand in the middle of a body with theirs.
    struct Parameter {
        std::string_view name() const { return std::string_view(text).substr(0, name_length); }
        std::string_view value() const { return std::string_view(text).substr(name_length); }
        bool is_empty() const { return text.size() == name_length; }

        std::string text;
        std::uint32_t name_length = 0;
        Place place = Place::query;
    };
    const Parameter* known(std::string_view name) const;
    Parameter* known(std::string_view name);
    void append(std::string_view name, std::string_view value, Place place);
    void sort_in();
    void add_to_list(std::string_view name, std::string_view value, Place place);

    std::vector<Parameter> all_;
    std::uint32_t sorted_ = 0;  // the first so many are in the order of their names
};

}  // namespace sluice::protocol
