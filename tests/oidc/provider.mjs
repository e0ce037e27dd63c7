// A real OpenID Connect provider for tests: one client that has to use PKCE, and a few people. It takes any password.
// It says its address on the first line of the standard output and serves until it is killed. With CERTIFICATE and KEY
// (files of PEM) in the environment it speaks HTTPS.
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';

import Provider from 'oidc-provider';

const people = {
  anna: { email: 'anna@example.com', email_verified: true, name: 'Anna Arndt' },
  bert: { email: 'bert@example.com', email_verified: false, name: 'Bert Brandt' },
  cora: { name: 'Cora Carlsen' },
  // The same address at the same provider, and somebody else.
  anne: { email: 'Anna@example.com', email_verified: true, name: 'Anne Arndt' },
  dora: { email: 'dora@example.com', email_verified: true, name: 'Dora Dietz' },
};

const { CERTIFICATE, KEY } = process.env;
const server = CERTIFICATE
  ? createSecureServer({ cert: readFileSync(CERTIFICATE), key: readFileSync(KEY) })
  : createServer();
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http${CERTIFICATE ? 's' : ''}://127.0.0.1:${server.address().port}`;

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const provider = new Provider(issuer, {
  clients: [{
    client_id: 'relance',
    client_secret: 'a secret of: 100% "tests"',
    // Any port of this machine, because a test's server takes a free one.
    application_type: 'native',
    redirect_uris: ['http://127.0.0.1/sign-in/oidc/callback'],
    token_endpoint_auth_method: 'client_secret_basic',
  }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  cookies: { keys: ['for tests'] },
  findAccount: (_, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'of tests' }] },
  pkce: { required: () => true },
});
server.on('request', provider.callback());
console.log(issuer);
