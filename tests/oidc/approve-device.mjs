// A person's browser in the device flow: opens the address that the device
// shows, follows redirects with cookies, signs in and confirms (or aborts).
//
//   node approve-device.mjs VERIFICATION_URI_COMPLETE USER [--deny]
//
// OIDC_CA is the PEM file that the server certificate is trusted by. Needs no
// packages. Exits 0 when the page says that the sign-in (or the abort) is done.

import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';

const [address, user, option] = process.argv.slice(2);
if (!address || !user || (option && option !== '--deny')) {
  console.error('usage: approve-device.mjs VERIFICATION_URI_COMPLETE USER [--deny]');
  process.exit(2);
}
const deny = option === '--deny';
const ca = process.env.OIDC_CA && readFileSync(process.env.OIDC_CA);
const cookies = new Map();

async function visit(url, form) {
  const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
  if (form) headers['content-type'] = 'application/x-www-form-urlencoded';
  const response = await new Promise((resolve, reject) => {
    request(url, { method: form ? 'POST' : 'GET', headers, ca }, resolve)
      .on('error', reject)
      .end(form?.toString());
  });
  for (const cookie of response.headers['set-cookie'] ?? []) keep(cookie);
  const page = await text(response);
  const { location } = response.headers;
  if (location) return visit(new URL(location, url));
  return { url, page, status: response.statusCode };
}

function keep(cookie) {
  const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
  if (value) cookies.set(name, value);
  else cookies.delete(name);
}

// The form as a person would send it, or undefined on a page without one.
function fillIn({ url, page }) {
  const form = /<form[^>]*>/.exec(page)?.[0];
  if (!form) return undefined;
  const fields = new URLSearchParams();
  for (const [input] of page.matchAll(/<input[^>]*>/g)) {
    const name = attribute(input, 'name');
    if (name) fields.set(name, attribute(input, 'value') ?? '');
  }
  if (fields.has('login')) {
    fields.set('login', user);
    fields.set('password', `${user}-password`);
  }
  if (deny && fields.has('confirm')) {
    fields.delete('confirm');
    fields.set('abort', 'yes');
  }
  return { action: new URL(attribute(form, 'action') ?? '', url), fields };
}

const attribute = (tag, name) => new RegExp(`${name}="([^"]*)"`).exec(tag)?.[1].replaceAll('&amp;', '&');

let page = await visit(new URL(address));
for (let pages = 0; pages < 8; pages += 1) {
  const form = fillIn(page);
  const done = deny ? page.page.includes('was interrupted') : !form;
  if (done || page.status >= 400) break;
  page = await visit(form.action, form.fields);
}
const expected = deny ? 'was interrupted' : 'Sign-in Success';
if (!page.page.includes(expected)) {
  console.error(`${page.status} ${page.url}\n${page.page}`);
  process.exit(1);
}
