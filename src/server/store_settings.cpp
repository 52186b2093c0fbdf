#include "server/store_settings.hpp"

#include "store/postgres/url.hpp"

namespace sluice::server {
namespace {

std::unexpected<std::string> must_be(std::string text) {
    return std::unexpected(std::move(text));
}

}  // namespace

SettingRow::Outcome apply_data(Settings& settings, const std::string& value) {
    if (value.empty()) {
        return must_be("a directory");
    }
    settings.data = value;
    return {};
}

SettingRow::Outcome apply_database(Settings& settings, const std::string& value) {
    if (value != "sqlite" && !postgres::check_url(value)) {
        return must_be(
            "sqlite, or a URL as postgres://USER@HOST:5432/DATABASE (in a password, @ : / ? and % "
            "are written %40 %3A %2F %3F and %25)"
        );
    }
    settings.database = value;
    return {};
}

std::string shown_database(const std::string& value) {
    return value == "sqlite" ? value : postgres::shown_url(value);
}

SettingRow::Outcome apply_storage(Settings&, const std::string& value) {
    return value == "disk" ? SettingRow::Outcome{}
                           : must_be("disk; s3:// is not in this version yet");
}

SettingRow::Outcome apply_role(Settings& settings, const std::string& value) {
    if (value == "worker") {
        return must_be(
            "all or api; worker nodes of their own need a storage that nodes share, which this "
            "version does not have yet"
        );
    }
    if (value != "all" && value != "api") {
        return must_be("all, api or worker");
    }
    settings.runs_workers = value == "all";
    return {};
}

}  // namespace sluice::server
