// A recording of a terminal is played, sought in, paused; one of a copy is a table; a session that runs is
// followed.

import assert from 'node:assert/strict';
import { PAGE, accessible, fits, logIn, picture, run } from './browser.mjs';

const { LIVE } = process.env;

await run(async (page) => {
  await logIn(page, '#/sessions');
  const screen = page.locator('.ap-term-text');

  // The session that runs prints something every moment.
  await page.getByRole('link', { name: /^Watch/ }).click();
  await page.getByText('Live', { exact: true }).nth(1).waitFor();
  await screen.filter({ hasText: LIVE }).waitFor();
  await picture(page, 'live');
  await page.goBack();

  await page.getByRole('row', { name: 'echo begun' }).getByRole('link', { name: /^Play/ }).click();
  const player = page.getByRole('group', { name: 'Player' });
  await player.waitFor();
  await accessible(page, 'the player');
  await player.getByRole('button', { name: 'Play' }).click();
  await player.getByRole('button', { name: 'Pause' }).click();
  await player.getByLabel('Speed').selectOption('16');
  // To the end, and to the beginning.
  await player.getByLabel('Position').fill(await player.getByLabel('Position').getAttribute('max'));
  await screen.filter({ hasText: 'played to its end' }).waitFor();
  await player.getByLabel('Position').fill('0');
  await screen.filter({ hasNotText: 'played to its end' }).waitFor();
  // A text that was printed in pieces and colours is found.
  await player.getByLabel('Find in output').fill('TO ITS END');
  await player.getByRole('button', { name: 'Find next' }).click();
  await player.getByText(/^Printed at/).waitFor();
  await screen.filter({ hasText: 'played to its end' }).waitFor();
  await player.getByLabel('Find in output').fill('nowhere');
  await page.keyboard.press('Enter');
  await player.getByText('Printed nowhere.').waitFor();
  await picture(page, 'player');
  await page.setViewportSize({ width: 360, height: 740 });
  await fits(page, 'the player at 360');
  await page.setViewportSize({ width: 1360, height: 860 });

  await page.goto(`${PAGE}/ui/#/sessions`);
  await page.getByRole('row', { name: /tar/ }).first().getByRole('link', { name: /^Play/ }).click();
  await page.getByRole('row', { name: /hostname/ }).first().waitFor();
  const files = await page.locator('.after').innerText();
  assert.match(files, /out of the pod/);
  assert.match(files, /[0-9a-f]{64}/);
  await accessible(page, 'the files of a copy');

  // What a recording says besides output, and that what is none is left out and counted.
  const { said, unreadable } = await page.evaluate(async (facts) => {
    const { Cast, summary } = await import('/ui/js/cast.js');
    const cast = new Cast();
    cast.push('{"version":2,"width":80,"height":24}');
    facts.forEach((fact) => cast.push(JSON.stringify([1, 'k', JSON.stringify(fact)])));
    for (const none of ['{"ended":null}', '"nonsense"', '"[]"', '"null"', 'null']) cast.push(`[1,"k",${none}]`);
    const found = summary(cast.events);
    return { said: { ...found, ports: [...found.ports] }, unreadable: cast.unreadable };
  }, [
    { file: { name: 'a', bytes: 1, direction: 'up', cut: true } },
    { archive: { files: 10_001, direction: 'up', unread: 7 } },
    { port: 8080, connection: 1 },
    { port: 8080, connection: 2 },
    { port: 8080, connection: 1, up: 1, down: 2 },
    { port: 8080, connection: 2, up: 3, down: 4 },
    { port: 81, refused: true },
    { ended: 'over' },
  ]);
  assert.equal(unreadable, 5);
  assert.deepEqual(said, {
    files: [{ name: 'a', bytes: 1, direction: 'up', cut: true }],
    counted: 10_001,
    unread: 7,
    ports: [[8080, { connections: 2, refused: 0, up: 4, down: 6 }], [81, { connections: 0, refused: 1, up: 0, down: 0 }]],
    exit: null,
    ended: 'over',
  });
});
