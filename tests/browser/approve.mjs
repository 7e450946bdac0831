// A held delete appears by itself; its card is read, and it is approved with the mouse.

import assert from 'node:assert/strict';
import { accessible, fits, logIn, picture, ready, run } from './browser.mjs';

const { NAMESPACE, EFFECT } = process.env;

await run(async (page) => {
  await logIn(page);
  await page.getByText('Nothing waits.').waitFor();
  const before = await page.evaluate(() => { window.sameDocument = true; return document.title; });
  ready();

  const row = page.getByRole('link', { name: `delete namespaces/${NAMESPACE}` });
  await row.waitFor();
  assert.ok(await page.evaluate(() => window.sameDocument), 'it appeared without a reload');
  assert.notEqual(await page.title(), before);
  assert.match(await page.title(), /^\(1\) /);
  await page.locator('#announcements', { hasText: 'New request' }).waitFor({ state: 'attached' });

  await row.click();
  const card = page.getByRole('article');
  await card.getByRole('heading', { level: 1, name: `delete namespaces/${NAMESPACE}` }).waitFor();
  const told = await card.innerText();
  for (const text of ['oidc:alice', 'a person', 'it is old', 'not verified', `DELETE /api/v1/namespaces/${NAMESPACE}`, '0 of 1 approval', 'group:*sre']) {
    assert.ok(told.includes(text), `${text} is on the card:\n${told}`);
  }
  await card.locator('[data-part=effect]:not([aria-busy])').waitFor();
  const effect = await card.locator('[data-part=effect]').innerText();
  assert.ok(effect.includes(EFFECT), effect);
  await accessible(page, 'the card');

  for (const [scheme, width, height] of [['light', 1360, 860], ['dark', 1360, 860], ['light', 360, 740], ['dark', 360, 740]]) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height });
    await fits(page, `the card at ${width}`);
    await accessible(page, `the card, ${scheme}, ${width}`);
    await picture(page, `card-${scheme}-${width}`);
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await page.setViewportSize({ width: 1360, height: 860 });

  await page.getByRole('button', { name: 'Approve' }).click();
  const dialog = page.getByRole('dialog', { name: 'Approve this request?' });
  assert.ok((await dialog.innerText()).includes(NAMESPACE), 'what is approved stands in the dialog');
  await accessible(page, 'the dialog');
  await picture(page, 'dialog');
  await dialog.getByLabel('Comment').fill('go ahead');
  await dialog.getByRole('button', { name: 'Approve' }).click();
  await dialog.waitFor({ state: 'detached' });
  await card.getByText(/^(Approved|Ran)$/).first().waitFor();
  assert.ok((await card.innerText()).includes('go ahead'));
});
