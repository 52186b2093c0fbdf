#include "server/store_settings.hpp"

#include "server/blob_engine.hpp"
#include "store/postgres/url.hpp"
#include "store/s3/location.hpp"

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

SettingRow::Outcome apply_storage(Settings& settings, const std::string& value) {
    if (value != "disk" && !shared_folder_of(value)) {
        if (const auto location = s3::parse_location(value); !location) {
            return must_be("disk, file:///FOLDER, or " + location.error());
        }
    }
    settings.storage = value;
    return {};
}

// A URL that is none may hold credentials, where other programs want them.
std::string shown_storage(const std::string& value) {
    const bool is_right = value == "disk" || shared_folder_of(value) || s3::parse_location(value);
    return is_right ? value : s3::masked_url(value);
}

SettingRow::Outcome apply_delivery(Settings& settings, const std::string& value) {
    if (value != "proxy" && value != "redirect") {
        return must_be("proxy or redirect");
    }
    settings.redirects_to_storage = value == "redirect";
    return {};
}

SettingRow::Outcome apply_role(Settings& settings, const std::string& value) {
    if (value != "all" && value != "api" && value != "worker") {
        return must_be("all, api or worker");
    }
    settings.runs_api = value != "worker";
    settings.runs_workers = value != "api";
    return {};
}

std::optional<std::string> refused_combination(const Settings& settings) {
    const bool has_nodes = settings.database != "sqlite" && settings.storage != "disk";
    if (!settings.runs_api && !has_nodes) {
        return "--role worker is for one of several nodes: they share a database (--database "
               "postgres://…) and a storage (--storage s3://… or file:///FOLDER).";
    }
    const bool is_on_disk = settings.storage == "disk" || shared_folder_of(settings.storage);
    if (settings.redirects_to_storage && is_on_disk) {
        return "--delivery redirect sends readers to an S3 store (--storage s3://…). From "
               "--storage " +
               settings.storage + " files come through the server: leave it out.";
    }
    if (shared_folder_of(settings.storage) && settings.database == "sqlite") {
        return "--storage file:///… is for several nodes: they share a database too (--database "
               "postgres://…). For one node leave it out.";
    }
    if (shared_folder_of(settings.storage) && !settings.is_strict) {
        return "--durability relaxed needs a disk of its own: a node cannot sync what another node "
               "has written to --storage " +
               settings.storage + ".";
    }
    return std::nullopt;
}

}  // namespace sluice::server
