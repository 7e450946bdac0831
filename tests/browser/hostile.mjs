// What clients and clusters write stays text, and what would hide is seen.

import assert from 'node:assert/strict';
import { PAGE, logIn, picture, ready, run } from './browser.mjs';

const { NAMESPACE, REASON } = process.env;

await run(async (page, complaints) => {
  await logIn(page);
  ready();
  await page.getByRole('link', { name: NAMESPACE }).click();
  const claims = page.locator('.claims');
  await claims.waitFor();
  const told = await claims.innerText();
  assert.ok(told.includes('<img src=x onerror=') && told.includes('</script>'), told);
  assert.ok(told.includes('\\u{202e}') && !told.includes('\u202e'), 'the turn of the writing is seen');
  assert.ok(told.includes('javascript:alert(1)'), 'the address of the run is text');
  assert.equal(await claims.getByRole('link').count(), 0, 'and no link');
  await picture(page, 'hostile');
  for (const view of ['#/holds', '#/trail', '#/history']) {
    await page.goto(`${PAGE}/ui/${view}`);
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    await page.locator('main [aria-busy]').waitFor({ state: 'detached' });
    assert.equal(await page.evaluate(() => document.querySelectorAll('img, iframe, main script').length), 0, view);
    assert.equal(await page.evaluate(() => window.pwned), undefined, view);
  }

  // The same as the terminal client shows (cli/src/ui.rs).
  const cleaned = await page.evaluate(async (texts) => {
    const { clean } = await import('/ui/js/text.js');
    return texts.map(clean);
  }, ['delete ns zürich', 'a\x1b[2Kb', 'two\nlines\r', '\u202etxt', '\u009b31m', 'a\u200bb']);
  assert.deepEqual(cleaned, ['delete ns zürich', 'a\\u{1b}[2Kb', 'two\\nlines\\r', '\\u{202e}txt', '\\u{9b}31m', 'a\\u{200b}b']);

  // And if something did become markup, it would not run.
  const isBlocked = await page.evaluate(async () => {
    const script = document.createElement('script');
    script.textContent = 'window.inline = 1';
    document.body.append(script);
    const link = document.createElement('a');
    link.setAttribute('onclick', 'window.inline = 2');
    document.body.append(link);
    link.click();
    return window.inline === undefined;
  });
  assert.ok(isBlocked, 'the policy of the content holds');
  assert.ok(complaints.splice(0).length > 0, 'and the browser said so');
});
