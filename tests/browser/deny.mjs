// With the keyboard alone: to the hold, to its card, and a denial with a reason.

import assert from 'node:assert/strict';
import { logIn, ready, run } from './browser.mjs';

const { NAMESPACE } = process.env;

await run(async (page) => {
  await logIn(page);
  ready();
  await page.getByRole('link', { name: NAMESPACE }).waitFor();
  const press = (key) => page.keyboard.press(key);
  const focused = () => page.evaluate(() => document.activeElement.innerText ?? '');

  await press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await press('Escape');
  await press('j');
  assert.ok((await focused()).includes(NAMESPACE), 'j leads to the first row');
  await page.getByRole('heading', { level: 1, name: NAMESPACE }).waitFor();
  await press('Enter');
  // One key decides nothing: it asks.
  await press('d');
  const dialog = page.getByRole('dialog', { name: 'Deny this request?' });
  await dialog.waitFor();
  await press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await page.getByText('Waiting', { exact: true }).first().waitFor();
  await press('d');
  await dialog.waitFor();
  await page.keyboard.type('still in use');
  await press('Tab');
  await press('Tab');
  assert.equal(await focused(), 'Deny');
  await press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('article').getByText('Denied').first().waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H1', 'the focus is at the card');

  // It is in the history, and in the trail.
  await press('2');
  await page.getByRole('heading', { level: 1, name: 'History' }).waitFor();
  await page.getByRole('row', { name: NAMESPACE }).getByText('Denied').waitFor();
  await press('4');
  await page.getByRole('row', { name: 'still in use' }).first().waitFor();
});
