#include "server/greeting.hpp"

#include <unistd.h>

#include <cstdio>

#include "base/log.hpp"
#include "server/web_assets.hpp"

namespace sluice::server {

std::string greeting_text(const Greeting& greeting) {
    const bool needs_key = !greeting.sign_in.empty();
    std::string text = "\n  Sluice " SLUICE_VERSION " is ready\n\n";
    text += "  console     " + (needs_key ? greeting.sign_in : greeting.url + "/") +
            (needs_key ? "   (good once, for an hour)" : "") + "\n";
    text += is_fallback_console() ? "              (the small page: this build had no npm)\n" : "";
    text += "  X v1.1      " + greeting.url + "/1.1/media/upload.json\n";
    text += "  X v2        " + greeting.url + "/2/media/upload\n";
    text += "  tus         " + greeting.url + "/files/\n";
    text += "  resumable   " + greeting.url + "/resumable/\n";
    text +=
        "  native      " + greeting.url + "/api/v1/uploads   " + greeting.url + "/openapi.json\n";
    text += "  docs        " + greeting.url + "/docs\n";
    text += "  found       ";
    text += greeting.tools.ffmpeg.empty() ? "no ffmpeg (videos will fail)" : "ffmpeg";
    text += greeting.tools.worker.empty() ? ", no sluice-worker (nothing is processed)"
                                          : ", sluice-worker with libvips";
    text += ", sandbox " + greeting.sandbox + "\n";
    text += needs_key ? "  try         sluice keys create --name NAME --data " + greeting.data +
                            "\n              SLUICE_TOKEN=BEARER_TOKEN "
                      : "  try         ";
    return text + "sluice upload --server " + greeting.url + " clip.mp4\n\n";
}

void greet(const Greeting& greeting) {
    if (::isatty(STDERR_FILENO) == 1) {
        std::fputs(greeting_text(greeting).c_str(), stderr);
        return;
    }
    log::info(
        "console",
        greeting.sign_in.empty() ? "the console is open"
                                 : "this link signs in, once, within an hour",
        {{"url", greeting.sign_in.empty() ? greeting.url + "/" : greeting.sign_in},
         {"ffmpeg", !greeting.tools.ffmpeg.empty()},
         {"worker", !greeting.tools.worker.empty()},
         {"sandbox", greeting.sandbox}}
    );
}

}  // namespace sluice::server
