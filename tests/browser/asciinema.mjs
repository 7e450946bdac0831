// asciinema's own player plays recordings as they are, to their ends; the first one says something.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { picture, run } from './browser.mjs';

const { CASTS, SAID } = process.env;
const bundle = (name) => createRequire(import.meta.url).resolve(`asciinema-player/dist/bundle/${name}`);

await run(async (page) => {
  await page.setContent('<main id="player"></main>');
  await page.addStyleTag({ content: readFileSync(bundle('asciinema-player.css'), 'utf8') });
  await page.addScriptTag({ content: readFileSync(bundle('asciinema-player.min.js'), 'utf8') });
  for (const [index, path] of CASTS.split(':').entries()) {
    const ended = await page.evaluate(async (data) => {
      const place = document.getElementById('player');
      place.replaceChildren();
      const player = AsciinemaPlayer.create({ data }, place, { speed: 100, idleTimeLimit: 0.1 });
      const end = new Promise((resolve, reject) => {
        player.addEventListener('ended', () => resolve(true));
        player.addEventListener('error', () => reject(new Error('it cannot be played')));
      });
      await player.play();
      return end;
    }, readFileSync(path, 'utf8'));
    assert.ok(ended, path);
    if (index > 0) continue;
    // Each colour is an element of its own, and the last of it may be drawn a moment later.
    await page.waitForFunction((said) => document.querySelector('.ap-term').innerText.replaceAll(/\s+/g, ' ').includes(said), SAID);
    await picture(page, 'asciinema');
  }
});
