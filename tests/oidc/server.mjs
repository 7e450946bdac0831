// An OpenID provider for tests: the certified oidc-provider library with the
// device and the authorization code flow, three people and short-lived tokens.
// All state is in memory.
//
//   PORT                 port on 127.0.0.1; 0 (the default) takes a free one
//   OIDC_CERT, OIDC_KEY  PEM files of the server certificate and its key
//   OIDC_SIGNING_KEY     PEM file of an RSA key that signs tokens; without it
//                        each start makes a new one, as a key rotation would
//   OIDC_TOKEN_TTL       seconds that access and ID tokens live (60)
//   OIDC_REFRESH_TTL     seconds that refresh tokens live (3600)
//   OIDC_DEVICE_TTL      seconds that a device code lives (300)
//   OIDC_PEOPLE          a JSON file of people who replace those below, read at
//                        each login and refresh: {"bob": {"groups": []}, "carol": null}
//   OIDC_EXIT_WITH_STDIN set: ends when its standard input does, and so with the test that started it
//
// Prints one line of JSON when it is ready: {"issuer":"https://127.0.0.1:PORT"}

import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { text } from 'node:stream/consumers';
import { Provider } from 'oidc-provider';

// The password of each is "<name>-password".
const people = {
  alice: { name: 'Alice Archer', groups: ['dev'] },
  bob: { name: 'Bob Baker', groups: ['sre'] },
  carol: { name: 'Carol Carter', groups: ['ci-admins'] },
};

function account(id) {
  const known = { ...people, ...(process.env.OIDC_PEOPLE && JSON.parse(readFileSync(process.env.OIDC_PEOPLE))) };
  if (!Object.hasOwn(known, id) || !known[id]) return undefined;
  const claims = {
    sub: id,
    preferred_username: id,
    email: `${id}@kguard.test`,
    email_verified: true,
    ...known[id],
  };
  return { accountId: id, claims: () => claims };
}

const seconds = (name, fallback) => Number(process.env[name] ?? fallback);

function configuration() {
  const signingKey = process.env.OIDC_SIGNING_KEY
    ? createPrivateKey(readFileSync(process.env.OIDC_SIGNING_KEY))
    : generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const tokenTtl = seconds('OIDC_TOKEN_TTL', 60);
  const client = {
    client_name: 'kguard',
    // A native client would be asked for consent at each sign-in.
    application_type: 'web',
    response_types: ['code'],
    redirect_uris: ['https://127.0.0.1/ui/callback'],
  };
  return {
    clients: [{
      ...client,
      client_id: 'kguard',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
    }, {
      ...client,
      client_id: 'kguard-web',
      // What a form would write in another way.
      client_secret: 'a secret: 100% +/&=',
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code', 'refresh_token'],
    }],
    pkce: { required: () => true },
    scopes: ['openid', 'offline_access'],
    claims: {
      openid: ['sub'],
      profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    // Otherwise only the userinfo endpoint would have the groups.
    conformIdTokenClaims: false,
    findAccount: (_ctx, id) => account(id),
    // The library drops offline_access from a request without prompt=consent.
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    loadExistingGrant: grantAll,
    features: { deviceFlow: { enabled: true }, devInteractions: { enabled: false } },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    jwks: { keys: [{ ...signingKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' }] },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    ttl: {
      AccessToken: tokenTtl,
      IdToken: tokenTtl,
      RefreshToken: seconds('OIDC_REFRESH_TTL', 3600),
      DeviceCode: seconds('OIDC_DEVICE_TTL', 300),
      Grant: 86400,
      Interaction: 600,
      Session: 3600,
    },
  };
}

// The organisation trusts its own client: nobody is asked for consent.
async function grantAll(ctx) {
  const { client, session, provider } = ctx.oidc;
  const id = session.grantIdFor(client.clientId);
  if (id) return provider.Grant.find(id);
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope('openid profile email groups offline_access');
  await grant.save();
  return grant;
}

// The login page: a form, and what it posts.
async function interact(provider, req, res) {
  const { prompt } = await provider.interactionDetails(req, res);
  if (prompt.name !== 'login') throw new Error(`no page for the prompt ${prompt.name}`);
  if (req.method !== 'POST') return loginPage(res, 200, 'Sign in');
  const form = new URLSearchParams(await text(req));
  const login = form.get('login');
  if (!account(login) || form.get('password') !== `${login}-password`) {
    return loginPage(res, 401, 'Wrong name or password');
  }
  return provider.interactionFinished(req, res, { login: { accountId: login } });
}

function loginPage(res, status, title) {
  res.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
  res.end(`<!DOCTYPE html><title>${title}</title><h1>${title}</h1>
<form method="post">
<input name="login" placeholder="name"> <input name="password" type="password" placeholder="password">
<button>Sign in</button>
</form>`);
}

// The port is part of the issuer's name, so listening comes first.
const server = createServer({
  cert: readFileSync(process.env.OIDC_CERT),
  key: readFileSync(process.env.OIDC_KEY),
});
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1');
await once(server, 'listening');
const issuer = `https://127.0.0.1:${server.address().port}`;
const provider = new Provider(issuer, configuration());
// Each test has a gateway at a port of its own.
const { redirectUriAllowed } = provider.Client.prototype;
provider.Client.prototype.redirectUriAllowed = function anyPort(uri) {
  return redirectUriAllowed.call(this, uri.replace(/^https:\/\/127\.0\.0\.1:\d+\//, 'https://127.0.0.1/'));
};
const callback = provider.callback();
server.on('request', (req, res) => {
  if (!req.url.startsWith('/interaction/')) return callback(req, res);
  return interact(provider, req, res).catch((error) => {
    res.writeHead(400, { 'content-type': 'text/plain' });
    res.end(`${error.message}\n`);
  });
});
provider.on('server_error', (_ctx, error) => console.error(error));
console.log(JSON.stringify({ issuer }));

if (process.env.OIDC_EXIT_WITH_STDIN) {
  process.stdin.on('end', () => process.exit(0)).resume();
}
