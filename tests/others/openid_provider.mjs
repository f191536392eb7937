// An OpenID provider that others wrote (npm oidc-provider), for the wizard's own sign-in, and a person with a browser.
//
//     node openid_provider.mjs FOLDER      FOLDER holds node_modules
//
// It prints one line of JSON: `origin`, and the `person` in it. Everything that is checked of a sign-in (the code and its
// proof, the redirect address, scopes, refresh tokens, device codes) is the provider's own; its pages are, too. In front of
// it stand two things that Entra has and OpenID providers have not:
//
// - paths: /{tenant}/oauth2/v2.0/{authorize,token,devicecode} are the provider's /authorize, /token and /devicecode;
// - `prompt=select_account`, which Entra offers besides OpenID's own prompts, becomes `prompt=consent`: that is where
//   OpenID lets a client have a refresh token.
//
// Behind it stand the two services that the wizard asks first, Graph and Resource Manager: they let in whoever brings a
// token that the provider signed for them, and have nothing.
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const modules = join(process.argv[2], 'node_modules');
const load = (path) => import(pathToFileURL(join(modules, path)));
const { default: Provider } = await load('oidc-provider/lib/index.js');
const { createRemoteJWKSet, jwtVerify } = await load('jose/dist/webapi/index.js');

const CLIENT = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'; // the Azure CLI's, as which the wizard signs people in
const SERVICES = 'https://services.contoso.example';
const TENANT = '3f6a1c52-0000-4000-8000-00000000c0de';
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

const server = createServer();
await new Promise((bound) => server.listen(0, '127.0.0.1', bound));
const origin = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(origin, {
  clients: [{
    client_id: CLIENT,
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token', DEVICE_GRANT],
    response_types: ['code'],
    redirect_uris: ['http://localhost'],
  }],
  routes: { authorization: '/authorize', token: '/token', device_authorization: '/devicecode', code_verification: '/device' },
  pkce: { required: () => true },
  scopes: ['openid', 'offline_access', 'profile'],
  claims: { openid: ['sub', 'tid', 'oid'], profile: ['name', 'preferred_username'] },
  conformIdTokenClaims: false,
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({
      sub: id, tid: TENANT, oid: '3f6a1c52-0000-4000-8000-0000000000ad', name: 'Ada', preferred_username: `${id}@contoso.example`,
    }),
  }),
  rotateRefreshToken: true,
  ttl: { AccessToken: 3600, AuthorizationCode: 60, DeviceCode: 600, Grant: 3600, IdToken: 3600, Interaction: 600, RefreshToken: 3600, Session: 3600 },
  cookies: { keys: ['practice'] },
  features: {
    deviceFlow: { enabled: true },
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      // The client names a resource by its scope, as Entra wants it, and never by `resource`.
      defaultResource: () => SERVICES,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: `${SERVICES}/.default`, audience: SERVICES, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
});

// What the provider granted and refused, oldest first.
const seen = [];
provider.on('grant.success', ({ oidc, body }) => seen.push({
  grant: oidc.params.grant_type,
  proof: oidc.entities.AuthorizationCode?.codeChallengeMethod ?? null,
  redirect: oidc.entities.AuthorizationCode?.redirectUri ?? null,
  scope: body.scope, refresh_token: body.refresh_token !== undefined, id_token: body.id_token !== undefined,
}));
for (const event of ['grant.error', 'authorization.error', 'device_authorization.error', 'server_error']) {
  provider.on(event, (_, error) => {
    // A device code that nobody has typed yet is asked for again and again.
    if (!['authorization_pending', 'slow_down'].includes(error.error)) {
      seen.push({ refused: event, error: error.error ?? String(error), why: error.error_detail ?? error.error_description });
    }
  });
}

// The services.
const keys = createRemoteJWKSet(new URL(`${origin}/jwks`));
const calls = [];
async function serve(request, url) {
  const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
  let holds = true;
  await jwtVerify(token, keys, { issuer: origin, audience: SERVICES, algorithms: ['RS256'] }).catch(() => { holds = false; });
  calls.push({ call: `${request.method} ${url.pathname}`, holds });
  if (!holds) return [401, { error: { code: 'InvalidAuthenticationToken', message: 'That token is not for here.' } }];
  if (url.pathname.toLowerCase().includes('resourcegraph')) {
    return [200, { totalRecords: 0, count: 0, resultTruncated: 'false', data: [] }];
  }
  if (url.pathname === '/v1.0/me') {
    return [200, { id: '3f6a1c52-0000-4000-8000-0000000000ad', displayName: 'Ada', userPrincipalName: 'ada@contoso.example' }];
  }
  return [200, { value: [] }];
}

// The person: follows redirects, keeps cookies, fills every form that a page holds, and says where it ended.
const field = (tag, name) => tag.match(new RegExp(`\\b${name}="([^"]*)"`))?.[1];
async function visit(start, typed) {
  const cookies = new Map();
  const pages = [];
  let next = { url: start };
  for (let step = 0; step < 30; step += 1) {
    const { hostname } = new URL(next.url);
    if (!['127.0.0.1', 'localhost'].includes(hostname)) throw new Error(`led away to ${hostname}`);
    const sent = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(next.url, { method: next.body ? 'POST' : 'GET', body: next.body, redirect: 'manual', headers: { cookie: sent } });
    for (const cookie of answer.headers.getSetCookie()) {
      const [name, value] = cookie.split(';')[0].split('=');
      if (value) cookies.set(name, value); else cookies.delete(name);
    }
    const location = answer.headers.get('location');
    if (location) {
      next = { url: new URL(location, next.url).href };
      continue;
    }
    const text = await answer.text();
    pages.push(new URL(next.url).pathname);
    const form = text.match(/<form[^>]*method="post"[^>]*>[\s\S]*?<\/form>/)?.[0];
    if (!form) return { status: answer.status, pages, text };
    const body = new URLSearchParams();
    for (const [input] of form.matchAll(/<input[^>]*>/g)) {
      const name = field(input, 'name');
      const value = typed[name] ?? field(input, 'value');
      if (name && value !== undefined) body.set(name, value);
    }
    next = { url: new URL(field(form, 'action').replaceAll('&amp;', '&'), next.url).href, body };
  }
  throw new Error(`no end: ${pages.join(' ')}`);
}

async function person(request, path) {
  if (path === '/_person/seen') return [200, { seen, calls }];
  let body = '';
  for await (const part of request) body += part;
  const { url, typed } = JSON.parse(body);
  try {
    return [200, await visit(url, { login: 'ada', password: 'not needed', ...typed })];
  } catch (error) {
    return [500, { error: String(error) }];
  }
}

const oidc = provider.callback();
server.on('request', async (request, response) => {
  const url = new URL(request.url, origin);
  const say = ([status, body]) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  if (url.pathname.startsWith('/_person/')) return say(await person(request, url.pathname));
  if (/^\/(v1\.0|subscriptions|providers|tenants)(\/|$)/.test(url.pathname)) return say(await serve(request, url));
  const entra = url.pathname.match(/^\/[^/]+\/oauth2\/v2\.0\/(authorize|token|devicecode)$/);
  if (entra) {
    url.pathname = `/${entra[1]}`;
    if (url.searchParams.get('prompt') === 'select_account') url.searchParams.set('prompt', 'consent');
    request.url = url.pathname + url.search;
  }
  return oidc(request, response);
});
console.log(JSON.stringify({ origin, services: SERVICES, tenant: TENANT, person: `${origin}/_person` }));
