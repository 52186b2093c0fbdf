# Written by `sluice serve --dev-tls`, for development only; `sluice env` names it in RUBYOPT.
#
# Ruby's http gem connects to the host it was given, whatever HTTPS_PROXY says. Connections to X's hosts are led to the
# local Sluice; the name that is asked for and verified stays, so nothing is trusted that SSL_CERT_FILE does not vouch for.
# Other hosts are not touched.
require 'socket'

module SluiceDevHook
  HOSTS = [@HOSTS@].freeze

  def initialize(host, port = nil, *rest, **options)
    is_ours = HOSTS.include?(host.to_s) && port.to_i == 443
    is_ours ? super('@HOST@', @PORT@, **options) : super(host, port, *rest, **options)
  end
end

TCPSocket.prepend(SluiceDevHook)
