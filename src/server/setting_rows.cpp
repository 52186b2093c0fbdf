#include "server/setting_rows.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.hpp"
#include "server/door_settings.hpp"
#include "server/limit_settings.hpp"
#include "server/setting_values.hpp"
#include "server/store_settings.hpp"

namespace sluice::server {
namespace {

using Outcome = SettingRow::Outcome;

std::unexpected<std::string> must_be(std::string text) {
    return std::unexpected(std::move(text));
}

Outcome apply_listen(Settings& settings, const std::string& value) {
    auto address = address_of(value);
    if (!address) {
        return must_be("HOST:PORT, for example 127.0.0.1:8080 (port 0 takes a free one)");
    }
    settings.listen.push_back(*std::move(address));
    return {};
}

Outcome apply_auth(Settings& settings, const std::string& value) {
    if (value != "open" && value != "keys") {
        return must_be("open or keys");
    }
    settings.needs_keys = value == "keys";
    return {};
}

Outcome apply_key_file(Settings& settings, const std::string& value) {
    if (value.empty()) {
        return must_be("a file");
    }
    settings.key_file = value;
    return {};
}

Outcome apply_fidelity(Settings& settings, const std::string& value) {
    if (value != "helpful" && value != "faithful") {
        return must_be("helpful or faithful");
    }
    settings.is_faithful = value == "faithful";
    return {};
}

Outcome apply_amplify_video(Settings& settings, const std::string& value) {
    if (value != "allow" && value != "deny") {
        return must_be("allow or deny");
    }
    settings.limits.amplify_video = value == "allow";
    return {};
}

Outcome apply_durability(Settings& settings, const std::string& value) {
    if (value != "strict" && value != "relaxed") {
        return must_be("strict or relaxed");
    }
    settings.is_strict = value == "strict";
    return {};
}

Outcome apply_inspector(Settings& settings, const std::string& value) {
    using protocol::InspectorMode;
    if (value != "full" && value != "metadata" && value != "off") {
        return must_be("full, metadata or off");
    }
    settings.inspector = value == "full"  ? InspectorMode::full
                         : value == "off" ? InspectorMode::off
                                          : InspectorMode::metadata;
    return {};
}

Outcome apply_fault(Settings& settings, const std::string& value) {
    auto rule = parse_fault(value);
    if (!rule) {
        return must_be(
            "KIND[:ROUTE]=RATE, for example 503:status=0.2: a kind of over_capacity (503) "
            "rate_limited (429) internal (500) slow cut processing_fails processing_slow, a route "
            "of any init append finalize status one_shot metadata post message look_up, a rate "
            "from 0 to 1"
        );
    }
    settings.faults.push_back(*std::move(rule));
    return {};
}

Outcome apply_fault_seed(Settings& settings, const std::string& value) {
    const auto seed = parse_unsigned(value);
    if (!seed) {
        return must_be("a number");
    }
    settings.fault_seed = *seed;
    return {};
}

Outcome apply_count(unsigned& count, const std::string& value) {
    const auto number = parse_unsigned(value);
    if (!number || *number == 0 || *number > 256) {
        return must_be("a number from 1 to 256");
    }
    count = static_cast<unsigned>(*number);
    return {};
}

Outcome apply_workers(Settings& settings, const std::string& value) {
    return apply_count(settings.workers, value);
}

Outcome apply_quick_workers(Settings& settings, const std::string& value) {
    return apply_count(settings.quick_workers, value);
}

Outcome apply_cores_per_job(Settings& settings, const std::string& value) {
    return apply_count(settings.cores_per_job, value);
}

Outcome apply_switch(bool& setting, const std::string& value) {
    if (value != "on" && value != "off") {
        return must_be("on or off");
    }
    setting = value == "on";
    return {};
}

Outcome apply_sandbox(Settings& settings, const std::string& value) {
    return apply_switch(settings.sandbox, value);
}

Outcome apply_remux(Settings& settings, const std::string& value) {
    return apply_switch(settings.remux, value);
}

Outcome apply_avif(Settings& settings, const std::string& value) {
    return apply_switch(settings.avif, value);
}

Outcome apply_retention_original(Settings& settings, const std::string& value) {
    if (value != "keep" && value != "delete") {
        return must_be("keep or delete");
    }
    settings.keeps_original = value == "keep";
    return {};
}

Outcome apply_rufh_interop(Settings& settings, const std::string& value) {
    auto rules = interim_rules_of(value);
    if (!rules) {
        return must_be("numbers with commas between them, and rfc, for example 8,9,rfc");
    }
    settings.rufh = *std::move(rules);
    return {};
}

// The flag has no value; the file and the variable have one.
Outcome apply_dev_tls(Settings& settings, const std::string& value) {
    if (!value.empty() && value != "true" && value != "false") {
        return must_be("true or false");
    }
    settings.dev_tls = settings.dev_tls || value != "false";
    return {};
}

std::expected<ListenAddress, std::string> loopback_address(const std::string& value) {
    auto address = address_of(value);
    if (!address || !is_loopback(address->host)) {
        return must_be(
            "HOST:PORT with an address of this machine's loopback, for example 127.0.0.1:8888 "
            "(port "
            "0 takes a free one): what is for development stays on this machine"
        );
    }
    return *std::move(address);
}

Outcome apply_dev_tls_listen(Settings& settings, const std::string& value) {
    auto address = loopback_address(value);
    if (!address) {
        return must_be(std::move(address).error());
    }
    settings.dev_tls = true;
    settings.dev_tls_listen = *std::move(address);
    return {};
}

Outcome apply_dev_proxy(Settings& settings, const std::string& value) {
    auto address = loopback_address(value);
    if (!address) {
        return must_be(std::move(address).error());
    }
    settings.dev_tls = true;
    settings.dev_proxy = *std::move(address);
    return {};
}

constexpr std::array rows{
    SettingRow{
        "--listen",
        "server.listen",
        "HOST:PORT",
        "address to listen on; may be repeated (default 127.0.0.1:8080)",
        apply_listen,
        true
    },
    SettingRow{
        "--data",
        "server.data",
        "DIR",
        "where everything is kept (default ./sluice-data)",
        apply_data
    },
    SettingRow{
        "--database",
        "database.url",
        "URL",
        "sqlite (default, in DIR) or postgres://USER@HOST:5432/DATABASE; put a password into "
        "SLUICE_DATABASE_URL, PGPASSWORD or ~/.pgpass",
        apply_database,
        false,
        shown_database
    },
    SettingRow{
        "--storage",
        "storage.url",
        "URL",
        "where the bytes are: disk (default, in DIR), "
        "s3://BUCKET?endpoint=http://HOST:PORT&region=R (credentials as the AWS tools find them), "
        "or file:///FOLDER on a file system that nodes share",
        apply_storage,
        false,
        shown_storage
    },
    SettingRow{
        "--delivery",
        "storage.delivery",
        "WAY",
        "proxy (default), or redirect: readers fetch files from the S3 store by signed URLs",
        apply_delivery
    },
    SettingRow{"--role", "server.role", "ROLE", "all (default), api or worker", apply_role},
    SettingRow{
        "--auth",
        "auth.mode",
        "MODE",
        "open (default, loopback only), or keys: see sluice keys",
        apply_auth
    },
    SettingRow{
        "--key-file",
        "auth.key_file",
        "FILE",
        "what OAuth 1.0a secrets are sealed with (default DIR/keys.secret, made on first use)",
        apply_key_file
    },
    SettingRow{
        "--server-name",
        "server.names",
        "NAME",
        "a host name of this server, whose pages may write in open mode; may be repeated",
        apply_server_name,
        true
    },
    SettingRow{
        "--trusted-proxy",
        "server.trusted_proxies",
        "ADDRESS",
        "whose X-Forwarded-Proto, -Host, -For and Forwarded are believed, as 10.0.0.0/8; may be "
        "repeated",
        apply_trusted_proxy,
        true
    },
    SettingRow{
        "--cors-origin",
        "server.cors_origins",
        "ORIGIN",
        "whose pages may upload by tus and RUFH: with keys these alone (default: all), in open "
        "mode "
        "these besides those of this machine and of --server-name; may be repeated",
        apply_cors_origin,
        true
    },
    SettingRow{
        "--fidelity",
        "x.fidelity",
        "KIND",
        "helpful (default), or faithful: errors as X sends them",
        apply_fidelity
    },
    SettingRow{
        "--amplify-video",
        "x.amplify_video",
        "RIGHT",
        "allow (default) or deny the category amplify_video, as X does without the right to "
        "advertise",
        apply_amplify_video
    },
    SettingRow{
        "--durability",
        "storage.durability",
        "KIND",
        "strict (default): a 2xx survives power loss; relaxed: a kill",
        apply_durability
    },
    SettingRow{
        "--workers",
        "processing.workers",
        "N",
        "videos and GIFs processed at once (default: half of the cores)",
        apply_workers
    },
    SettingRow{
        "--quick-workers",
        "processing.quick_workers",
        "N",
        "images and subtitles processed at once, beside them (default: half of the cores)",
        apply_quick_workers
    },
    SettingRow{
        "--cores-per-job",
        "processing.cores_per_job",
        "N",
        "threads of one video's encoder (default: the cores, shared out among the workers)",
        apply_cores_per_job
    },
    SettingRow{
        "--remux",
        "processing.remux",
        "MODE",
        "on (default): a video that conforms is copied and not encoded again; off: encode all",
        apply_remux
    },
    SettingRow{
        "--avif",
        "processing.avif",
        "MODE",
        "on: the larger pictures in AVIF too, a third of the bytes; off (default)",
        apply_avif
    },
    SettingRow{
        "--retention-original",
        "retention.original",
        "MODE",
        "keep (default): the uploaded file stays for its owner; delete: it goes once all is made "
        "of it",
        apply_retention_original
    },
    SettingRow{
        "--rufh-interop",
        "rufh.interop",
        "LIST",
        "versions of the drafts whose clients get a 104 (default 3,4,5,6,7,8,9); rfc: those "
        "without one",
        apply_rufh_interop
    },
    SettingRow{
        "--sandbox",
        "processing.sandbox",
        "MODE",
        "on (default): decoders run behind walls, or nothing starts; off: only for media you trust",
        apply_sandbox
    },
    SettingRow{
        "--inspector",
        "inspector.mode",
        "MODE",
        "the last 1000 exchanges: full (default with --auth open), metadata, or off",
        apply_inspector
    },
    SettingRow{
        "--fault",
        "faults.rules",
        "KIND[:ROUTE]=RATE",
        "development only: X's weather on purpose, as 503:status=0.2; may be repeated",
        apply_fault,
        true
    },
    SettingRow{
        "--fault-seed",
        "faults.seed",
        "N",
        "development only: the same seed strikes the same calls (default 1)",
        apply_fault_seed
    },
    SettingRow{
        "--dev-tls",
        "tls.dev",
        "",
        "development only: a CA in DIR/dev-ca, and TLS for X's hosts on this machine",
        apply_dev_tls
    },
    SettingRow{
        "--dev-tls-listen",
        "tls.dev_listen",
        "HOST:PORT",
        "where (default: a free port of 127.0.0.1); 127.0.0.1:443 with names in /etc/hosts",
        apply_dev_tls_listen
    },
    SettingRow{
        "--dev-proxy",
        "tls.dev_proxy",
        "HOST:PORT",
        "development only: a proxy that leads X's hosts here; see sluice env",
        apply_dev_proxy
    },
    SettingRow{
        "--limit",
        "limits",
        "NAME=VALUE",
        "upload.max_bytes, segment.max_bytes, one_shot.max_bytes, upload.lifetime, open_uploads, "
        "stored_bytes, storage.reserve, jobs.lease, requests.x, polling.per_second, "
        "failed_logins.address, failed_logins.key, connections, "
        "memory.bodies, control.running, bulk.running, "
        "requests.init=400/15m …",
        apply_limit,
        true
    },
};

}  // namespace

bool is_loopback(std::string_view host) {
    return host == "localhost" || host == "::1" || host.starts_with("127.");
}

std::span<const SettingRow> setting_rows() {
    return rows;
}

}  // namespace sluice::server
