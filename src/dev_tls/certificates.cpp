#include "dev_tls/certificates.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <memory>

#include "dev_tls/hosts.hpp"

namespace sluice::dev_tls {
namespace {

template <auto free>
struct Freed {
    template <class T>
    void operator()(T* object) const {
        free(object);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;
using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using Memory = std::unique_ptr<BIO, Freed<BIO_free>>;

constexpr int version_3 = 2;  // X.509 counts from 0
constexpr int serial_bits = 127;

Error failed(const std::string& what) {
    return {
        .code = ErrorCode::internal,
        .detail = what + ": " + ERR_error_string(ERR_get_error(), nullptr),
    };
}

// "DNS:upload.twitter.com,…,IP:127.0.0.1": with `mark` before each, and `mask` behind addresses, as
// the two extensions want it.
std::string names(const std::string& mark, bool with_masks) {
    std::string text;
    for (const auto host : x_hosts) {
        text += mark + "DNS:" + std::string(host) + ",";
    }
    text += mark + "DNS:localhost,";
    text += mark + "IP:127.0.0.1" + (with_masks ? "/255.255.255.255" : "") + ",";
    return text + mark +
           "IP:" + (with_masks ? "::1/FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF" : "::1");
}

struct ExtensionText {
    int nid;
    std::string value;
};

bool add_extension(X509* subject, X509* issuer, const ExtensionText& text) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, subject, nullptr, nullptr, 0);
    X509V3_set_ctx_nodb(&context);
    const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, text.nid, text.value.c_str()));
    return extension && X509_add_ext(subject, extension.get(), -1) == 1;
}

bool set_random_serial(X509* certificate) {
    const Number number(BN_new());
    return number && BN_rand(number.get(), serial_bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
           BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_times(X509* certificate, WallTime from, WallTime until) {
    const auto begin = std::chrono::system_clock::to_time_t(from);
    const auto end = std::chrono::system_clock::to_time_t(until);
    return ASN1_TIME_set(X509_getm_notBefore(certificate), begin) != nullptr &&
           ASN1_TIME_set(X509_getm_notAfter(certificate), end) != nullptr;
}

bool set_subject(X509* certificate, const char* name) {
    auto* subject = X509_get_subject_name(certificate);
    const auto* text = reinterpret_cast<const unsigned char*>(name);
    return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1;
}

// All but the extensions and the signature.
Certificate begin_certificate(EVP_PKEY* key, const char* name, WallTime from, WallTime until) {
    Certificate certificate(X509_new());
    const bool is_begun =
        certificate && X509_set_version(certificate.get(), version_3) == 1 &&
        set_random_serial(certificate.get()) && set_times(certificate.get(), from, until) &&
        set_subject(certificate.get(), name) && X509_set_pubkey(certificate.get(), key) == 1;
    return is_begun ? std::move(certificate) : nullptr;
}

template <class Write>
std::string pem_of(Write write) {
    const Memory memory(BIO_new(BIO_s_mem()));
    if (!memory || write(memory.get()) != 1) {
        return {};
    }
    char* bytes = nullptr;
    const long length = BIO_get_mem_data(memory.get(), &bytes);
    return {bytes, static_cast<std::size_t>(length)};
}

Result<KeyAndCertificate> as_text(EVP_PKEY* key, X509* certificate) {
    KeyAndCertificate pair;
    pair.key = pem_of([key](BIO* to) {
        return PEM_write_bio_PrivateKey(to, key, nullptr, nullptr, 0, nullptr, nullptr);
    });
    pair.certificate =
        pem_of([certificate](BIO* to) { return PEM_write_bio_X509(to, certificate); });
    if (pair.key.empty() || pair.certificate.empty()) {
        return failed("write a certificate");
    }
    return pair;
}

Key read_key(const std::string& pem) {
    const Memory memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    return Key(memory ? PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr) : nullptr);
}

Certificate read_certificate(const std::string& pem) {
    const Memory memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    return Certificate(
        memory ? PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr) : nullptr
    );
}

template <class Extensions>
Result<void> finish(
    X509* subject, X509* issuer, EVP_PKEY* issuer_key, const Extensions& extensions
) {
    if (X509_set_issuer_name(subject, X509_get_subject_name(issuer)) != 1) {
        return failed("name the issuer");
    }
    for (const ExtensionText& text : extensions) {
        if (!add_extension(subject, issuer, text)) {
            return failed("extension " + text.value);
        }
    }
    if (X509_sign(subject, issuer_key, EVP_sha256()) == 0) {
        return failed("sign a certificate");
    }
    return ok();
}

}  // namespace

Result<KeyAndCertificate> make_ca(WallTime from, WallTime until) {
    const Key key(EVP_EC_gen("P-256"));
    const auto certificate =
        key ? begin_certificate(key.get(), "Sluice development CA (this machine only)", from, until)
            : nullptr;
    if (!certificate) {
        return failed("make a CA");
    }
    const std::array extensions{
        ExtensionText{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
        ExtensionText{NID_key_usage, "critical,keyCertSign,cRLSign"},
        ExtensionText{NID_name_constraints, "critical," + names("permitted;", true)},
        ExtensionText{NID_subject_key_identifier, "hash"},
        ExtensionText{NID_authority_key_identifier, "keyid:always"},
    };
    if (auto made = finish(certificate.get(), certificate.get(), key.get(), extensions); !made) {
        return std::move(made).error();
    }
    return as_text(key.get(), certificate.get());
}

Result<KeyAndCertificate> make_leaf(const KeyAndCertificate& ca, WallTime from, WallTime until) {
    const Key ca_key = read_key(ca.key);
    const Certificate ca_certificate = read_certificate(ca.certificate);
    const Key key(EVP_EC_gen("P-256"));
    const auto certificate =
        key ? begin_certificate(key.get(), "Sluice development server", from, until) : nullptr;
    if (!ca_key || !ca_certificate || !certificate) {
        return failed("make a certificate");
    }
    const std::array extensions{
        ExtensionText{NID_basic_constraints, "critical,CA:FALSE"},
        ExtensionText{NID_key_usage, "critical,digitalSignature"},
        ExtensionText{NID_ext_key_usage, "serverAuth"},
        ExtensionText{NID_subject_alt_name, names("", false)},
        ExtensionText{NID_subject_key_identifier, "hash"},
        ExtensionText{NID_authority_key_identifier, "keyid:always"},
    };
    auto made = finish(certificate.get(), ca_certificate.get(), ca_key.get(), extensions);
    if (!made) {
        return std::move(made).error();
    }
    return as_text(key.get(), certificate.get());
}

Result<WallTime> end_of(const KeyAndCertificate& pair) {
    const Key key = read_key(pair.key);
    const Certificate certificate = read_certificate(pair.certificate);
    if (!key || !certificate || X509_check_private_key(certificate.get(), key.get()) != 1) {
        return failed("read key and certificate");
    }
    std::tm end{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1) {
        return failed("read the end of a certificate");
    }
    return std::chrono::time_point_cast<WallTime::duration>(
        std::chrono::system_clock::from_time_t(::timegm(&end))
    );
}

}  // namespace sluice::dev_tls
