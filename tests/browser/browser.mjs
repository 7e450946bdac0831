// A person at the web page: Chromium, a login at the real provider, and what all scripts look for.
//
// A script is told by its environment where it is: PAGE (the gateway's address), PERSON (who logs in),
// SHOTS (the folder for pictures). It says `ready` on a line of its own when the page is open, and its
// exit code is the verdict.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { island } from './island.mjs';

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
];
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const { PAGE, PERSON = 'bob', SHOTS } = process.env;

/** Runs a scenario in a browser of its own, which ends with it. */
export async function run(scenario, options = {}) {
  const profile = mkdtempSync(join(tmpdir(), 'kguard-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    ...await island(profile, '/usr/bin/chromium'),
    headless: true,
    args: FLAGS,
    // The test's own authority; what the page does about certificates is the browser's business.
    ignoreHTTPSErrors: true,
    viewport: { width: 1360, height: 860 },
    ...options,
  });
  context.setDefaultTimeout(60_000);
  const page = context.pages()[0] ?? await context.newPage();
  const complaints = watch(page);
  let code = 0;
  try {
    await scenario(page, complaints);
    assert.deepEqual(complaints, [], 'the browser complained');
  } catch (error) {
    code = 1;
    console.error(error.stack ?? String(error));
    console.error(`at ${page.url()}\n${await page.locator('body').innerText({ timeout: 1000 }).catch(() => '')}`);
    await picture(page, `failed-${process.argv[1].split('/').at(-1).replace('.mjs', '')}`).catch(() => {});
  }
  await context.close();
  rmSync(profile, { recursive: true, force: true });
  process.exit(code);
}

/** Whatever breaks the policy of the page's content, or is thrown in it. */
function watch(page) {
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // That something was answered with an error is shown by the page.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) complaints.push(message.text());
  });
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    const isOwn = origin === new URL(PAGE).origin || protocol === 'data:';
    const isLogin = request.isNavigationRequest() || new URL(page.url()).origin === origin;
    if (!isOwn && !isLogin) complaints.push(`the page asked ${request.url()}`);
  });
  return complaints;
}

/** Opens the page and logs in as a person does. */
export async function logIn(page, hash = '') {
  await page.goto(`${PAGE}/ui/${hash}`);
  await page.getByRole('link', { name: 'Log in' }).click();
  await page.locator('input[name=login]').fill(PERSON);
  await page.locator('input[name=password]').fill(`${PERSON}-password`);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Live', { exact: true }).waitFor();
}

/** Tells the test that whatever is to be seen may happen now. */
export const ready = () => console.log('ready');

/** Keeps a picture, for people to look at. */
export async function picture(page, name) {
  mkdirSync(SHOTS, { recursive: true });
  const path = join(SHOTS, `${name}.png`);
  await page.screenshot({ path });
  console.log(`picture ${path}`);
}

/** Nothing that axe calls serious, or worse. */
export async function accessible(page, where) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  assert.deepEqual(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`), [], where);
}

/** Nothing sticks out to the side. */
export async function fits(page, where) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(over <= 0, `${where}: ${over} pixels too wide`);
}
