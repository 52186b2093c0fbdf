#include "dev_tls/client_files.hpp"

#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <string_view>

#include "dev_tls/folder.hpp"
#include "dev_tls/hooks.hpp"
#include "dev_tls/hosts.hpp"

namespace sluice::dev_tls {
namespace {

constexpr mode_t for_all = S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH;
constexpr const char* bundle_name = "bundle.pem";
constexpr const char* node_hook_name = "node-hook.cjs";
constexpr const char* ruby_hook_name = "sluice_dev_hook.rb";

// Debian and its kin, Fedora and its kin, SUSE, Alpine.
constexpr std::array system_bundles{
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
};

std::string system_cas() {
    for (const char* path : system_bundles) {
        if (auto text = read_file(path); !text.empty()) {
            return text.ends_with('\n') ? text : text + "\n";
        }
    }
    return {};
}

void replace(std::string& text, const std::string& mark, const std::string& value) {
    if (const auto at = text.find(mark); at != std::string::npos) {
        text.replace(at, mark.size(), value);
    }
}

// A hook's text with its marks replaced; a list of quoted names reads the same in both languages.
std::string filled(std::string_view hook, const std::string& host, std::uint16_t port) {
    std::string hosts;
    for (const auto name : x_hosts) {
        hosts += (hosts.empty() ? "'" : ", '") + std::string(name) + "'";
    }
    std::string text(hook);
    replace(text, "@HOSTS@", hosts);
    replace(text, "@HOST@", host);
    replace(text, "@PORT@", std::to_string(port));
    return text;
}

}  // namespace

Result<ClientFiles> write_client_files(
    const std::string& folder,
    const std::string& ca_certificate,
    const std::string& host,
    std::uint16_t port
) {
    const auto cas = system_cas();
    auto written = write_file(folder, bundle_name, cas + ca_certificate, for_all);
    if (written) {
        written = write_file(folder, node_hook_name, filled(node_hook, host, port), for_all);
    }
    if (written) {
        written = write_file(folder, ruby_hook_name, filled(ruby_hook, host, port), for_all);
    }
    if (!written) {
        return std::move(written).error();
    }
    std::error_code failed;
    const auto path = std::filesystem::absolute(folder, failed).lexically_normal().string();
    return ClientFiles{
        .ca = path + "/ca.pem",
        .bundle = path + "/" + bundle_name,
        .node_hook = path + "/" + node_hook_name,
        .ruby_hook = path + "/" + ruby_hook_name,
        .has_system_cas = !cas.empty(),
    };
}

}  // namespace sluice::dev_tls
