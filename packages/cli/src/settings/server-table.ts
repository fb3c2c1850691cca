/** Settings of the server that commands are done over, in place of what this machine reaches itself. */
export const serverSettings = {
  server: {
    form: 'text',
    flag: '--server',
    variable: 'HOLDFAST_SERVER',
    file: 'server',
    what: 'do it over this server, as https://holdfast.example:9443; none: on this machine',
  },
  serverTokenFile: {
    form: 'path',
    flag: '--server-token-file',
    variable: 'HOLDFAST_TOKEN_FILE',
    file: 'serverTokenFile',
    what: 'file that holds a token of the server, in place of what `holdfast login` keeps',
  },
  serverToken: {
    form: 'text',
    variable: 'HOLDFAST_TOKEN',
    secret: true,
    what: 'a token of the server itself, where no file can be had',
  },
  serverCa: {
    form: 'path',
    flag: '--server-ca',
    variable: 'HOLDFAST_SERVER_CA',
    file: 'serverCa',
    what: 'CA certificate that the server is trusted by (PEM)',
  },
  serverCaSha256: {
    form: 'text',
    flag: '--server-ca-sha256',
    variable: 'HOLDFAST_SERVER_CA_SHA256',
    file: 'serverCaSha256',
    what: 'SHA-256 of the CA that the server itself names, in place of --server-ca',
  },
} as const;
