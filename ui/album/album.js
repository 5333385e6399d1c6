// The gallery in the browser: further tiles before the end is reached, what is selected, the picture at large.
(() => {
  const tile = (id) => document.querySelector(`#album_grid .tile[data-id="${id}"]`);
  const fetching = new WeakSet();
  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) extend(target);
  }, { rootMargin: '1200px' });
  const extend = async (end) => {
    if (fetching.has(end)) return;
    fetching.add(end);
    near.unobserve(end);
    try {
      const answer = await fetch(end.dataset.next);
      if (!answer.ok) throw new Error(answer.statusText);
      const added = document.createElement('template');
      added.innerHTML = await answer.text();
      const tiles = end.previousElementSibling;
      end.replaceWith(...added.content.querySelectorAll('.next'));
      tiles?.append(...added.content.children);
    } catch {
      setTimeout(() => { fetching.delete(end); near.observe(end); }, 3000);
    }
  };
  const select = () => {
    const bar = document.querySelector('#album_grid .picked');
    if (!bar) return;
    const ids = [...document.querySelectorAll('#album_grid .tile:not(.gone) .pick :checked')].map((box) => box.value);
    bar.hidden = !ids.length;
    bar.querySelector('b').textContent = ids.length;
    bar.querySelector('.zip').href = `gallery/zip?ids=${ids.join('.')}`;
    bar.querySelector('[data-act=delete]').dataset.ids = ids.join(' ');
  };
  const viewer = () => document.querySelector('#viewer .viewer:not([hidden])');
  let opened = '', opener = null;
  const close = () => {
    const shown = viewer();
    if (!shown) return;
    shown.hidden = true;
    document.querySelector('#tabs')?.removeAttribute('inert');
    (tile(shown.dataset.id)?.querySelector('[data-act=open]') ?? opener)?.focus();
  };
  const turn = (by) => {
    const tiles = [...document.querySelectorAll('#album_grid .tile:not(.gone)')];
    const at = tiles.findIndex((one) => one.dataset.id === viewer().dataset.id);
    if (at >= 0) tiles[at + by]?.querySelector('[data-act=open]').click();
  };
  let said = null;
  const keepAlbum = () => {
    for (const end of document.querySelectorAll('#album_grid .next')) if (!fetching.has(end)) near.observe(end);
    const shown = document.querySelector('#viewer .viewer');
    if (shown && shown.dataset.opened !== opened) {
      opened = shown.dataset.opened;
      opener = document.activeElement;
      shown.hidden = false;
      document.querySelector('#tabs')?.setAttribute('inert', '');
      shown.querySelector('.close').focus({ preventScroll: true });
    }
    const notice = document.querySelector('#album_notice .done');
    if (!notice || notice === said?.element && notice.outerHTML === said.html) return;
    said = { element: notice, html: notice.outerHTML };
    for (const id of (notice.dataset.deleted ?? '').split(' ').filter(Boolean)) {
      const one = tile(id);
      one?.classList.add('gone');
      if (one) one.querySelector('.pick input').checked = false;
      if (viewer()?.dataset.id === id) close();
    }
    for (const id of (notice.dataset.restored ?? '').split(' ').filter(Boolean)) tile(id)?.classList.remove('gone');
    select();
  };
  // Before the server is told: the button says what it is to become, on the tile and on the picture at large.
  document.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? event.target.closest('[data-act]') : null;
    if (button?.dataset.act === 'star') {
      const value = String(button.getAttribute('aria-pressed') !== 'true');
      for (const one of document.querySelectorAll(`.star[data-id="${button.dataset.id}"]`)) {
        one.setAttribute('aria-pressed', value);
        one.dataset.value = value;
      }
    } else if (button?.dataset.act === 'none') {
      for (const box of document.querySelectorAll('#album_grid .pick :checked')) box.checked = false;
      select();
    } else if (button?.dataset.act === 'use' || event.target.matches?.('#viewer .close') || event.target.matches?.('#viewer .viewer')) {
      close();
    }
  }, true);
  document.addEventListener('change', (event) => {
    if (event.target instanceof Element && event.target.matches('#album_grid .pick input')) select();
  });
  document.addEventListener('keydown', (event) => {
    if (!viewer()) return;
    if (event.key === 'Escape') close();
    if (event.key === 'ArrowRight') turn(1);
    if (event.key === 'ArrowLeft') turn(-1);
  });

  const start = () => {
    new MutationObserver(keepAlbum).observe(document.body, {
      subtree: true, childList: true, attributeFilter: ['data-opened', 'data-next', 'data-deleted', 'data-restored'],
    });
  };
  if (document.body) start();
  else addEventListener('DOMContentLoaded', start);
})();
