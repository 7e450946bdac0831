// A thousand holds that wait and ten thousand that are settled: made of a real one, and given to the page in
// the gateway's place. How long it takes is printed, and is no verdict.

import assert from 'node:assert/strict';
import { PAGE, logIn, picture, ready, run } from './browser.mjs';

const { NAMESPACE } = process.env;
const [WAITING, SETTLED] = [1000, 10_000];

await run(async (page) => {
  await logIn(page);
  ready();
  await page.getByRole('link', { name: NAMESPACE }).waitFor();
  const [real] = await page.evaluate(async () => (await fetch('/v1/holds?state=pending')).json());
  const like = (number, state) => ({
    ...real, id: `${state}-${number}`, state,
    created: new Date(Date.parse(real.created) - number * 1000).toISOString(),
    request: { ...real.request, name: `made-${number}`, namespace: `made-${number}`, path: `/api/v1/namespaces/made-${number}` },
  });
  const waiting = Array.from({ length: WAITING }, (_, number) => like(number, 'pending'));
  const settled = Array.from({ length: SETTLED }, (_, number) => like(number, 'denied'));
  await page.route('**/v1/inbox', (route) => route.fulfill({ body: waiting.map((hold) => `${JSON.stringify(hold)}\n`).join('') }));
  await page.route('**/v1/holds?**', (route) => {
    const asked = new URL(route.request().url()).searchParams;
    const all = asked.get('state') === 'pending' ? waiting : settled;
    const from = all.findIndex(({ id }) => id === asked.get('before')) + 1;
    const items = all.slice(from, from + Number(asked.get('limit') ?? 200));
    const headers = from + items.length < all.length ? { 'kguard-next': items.at(-1).id } : {};
    return route.fulfill({ headers, json: items });
  });

  const timed = async (what, act) => {
    const start = performance.now();
    await act();
    console.log(`${what}: ${Math.round(performance.now() - start)} ms`);
  };
  // When the last of what it draws from is there, and when it is drawn.
  await page.addInitScript((heading) => {
    const look = () => document.querySelector('h1')?.textContent === heading
      && requestAnimationFrame(() => { globalThis.drawn ??= performance.now(); });
    new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true });
  }, `Waiting (${WAITING})`);
  await page.goto('about:blank');
  await timed('the page with a thousand that wait', async () => {
    await page.goto(`${PAGE}/ui/`);
    await page.getByRole('heading', { name: `Waiting (${WAITING})` }).waitFor();
  });
  const took = await page.evaluate(() => {
    const lists = performance.getEntriesByType('resource').filter(({ name }) => /\/v1\/(holds\?|inbox)/.test(name));
    return globalThis.drawn - Math.min(...lists.map(({ responseStart }) => responseStart));
  });
  console.log(`of that, from the first byte of the list until it is drawn: ${Math.round(took)} ms`);
  const rows = page.getByRole('list', { name: 'Requests that wait' }).getByRole('link');
  assert.equal(await rows.count(), 100);
  await page.getByRole('button', { name: 'Show more (900)' }).click();
  assert.equal(await rows.count(), 200);
  await timed('a filter', async () => {
    await page.getByLabel('Filter what waits').fill('made-777');
    await page.getByRole('link', { name: 'made-777' }).waitFor();
  });
  assert.equal(await rows.count(), 1);
  await page.keyboard.press('Escape');
  await timed('the history', async () => {
    await page.keyboard.press('2');
    await page.getByRole('row', { name: 'denied-99' }).waitFor();
  });
  await page.getByRole('button', { name: 'Show more' }).click();
  await page.getByRole('row', { name: 'denied-199' }).waitFor();
  await picture(page, 'history');
});
