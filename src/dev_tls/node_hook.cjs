// Written by `sluice serve --dev-tls`, for development only; `sluice env` names it in NODE_OPTIONS.
//
// Node's https, and every client that stands on it, connects to the host it was given, whatever
// HTTPS_PROXY says. All of them make their connections by tls.connect: here, those to X's hosts are
// led to the local Sluice. The name that is asked for and verified stays, so nothing is trusted
// that NODE_EXTRA_CA_CERTS does not vouch for. Other hosts are not touched.
'use strict';

const tls = require('node:tls');
const hosts = new Set([@HOSTS@]);
const { connect } = tls;

tls.connect = function (...given) {
    // Normalised as tls.connect(options), (port, host, options) and their callbacks are.
    const options = Object.assign({}, ...given.filter((one) => typeof one === 'object' && one !== null));
    if (typeof given[0] === 'number' || (typeof given[0] === 'string' && /^\d+$/.test(given[0]))) {
        options.port = Number(given[0]);
        options.host = typeof given[1] === 'string' ? given[1] : options.host;
    }
    const isOurs = hosts.has(options.host) && Number(options.port) === 443 && !options.socket && !options.path;
    if (!isOurs) {
        return connect.apply(this, given);
    }
    const listeners = given.filter((one) => typeof one === 'function');
    const target = { host: '@HOST@', port: @PORT@, servername: options.servername || options.host };
    return connect.call(this, { ...options, ...target }, ...listeners);
};

require('node:module').syncBuiltinESMExports();
