// A picture of the gallery at large: opened above everything else, left with Escape, turned over with the arrows.
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const tiles = () => [...document.querySelectorAll('#album_grid .tile')];
  const viewer = () => one('#viewer .viewer:not([hidden])');
  const beneath = () => document.querySelectorAll('#tabs, #masthead');
  let opened = '', opener = null;

  const close = () => {
    const open = viewer();
    if (!open) return;
    open.hidden = true;
    for (const part of beneath()) part.removeAttribute('inert');
    const tile = tiles().find((it) => it.dataset.id === open.dataset.id && !it.classList.contains('gone'));
    (tile ? one('[data-act=open]', tile) : opener)?.focus();
  };
  // The nearest tile that is still there, in one direction.
  const beside = (by) => {
    const all = tiles();
    let at = all.findIndex((it) => it.dataset.id === viewer()?.dataset.id);
    if (at < 0) return null;
    do at += by; while (all[at]?.classList.contains('gone'));
    return all[at] ?? null;
  };
  const turn = (by) => {
    const to = beside(by);
    if (!to) return false;
    to.scrollIntoView({ block: 'center' });  // so that the next ones are there in time
    one('[data-act=open]', to).click();
    return true;
  };
  const keep = () => {
    const open = one('#viewer .viewer');
    if (!open || open.dataset.opened === opened) return;
    if (!one('#viewer .viewer').contains(document.activeElement)) opener = document.activeElement;
    opened = open.dataset.opened;
    open.hidden = false;
    for (const part of beneath()) part.setAttribute('inert', '');
    one('[data-do=previous]', open).disabled = !beside(-1);
    one('[data-do=next]', open).disabled = !beside(1);
    const field = one('.tagging input', open);
    field.value = '';
    if (open.dataset.focus === 'tag') field.focus({ preventScroll: true });
    else if (!open.contains(document.activeElement) || document.activeElement.disabled) {
      one('[data-do=close]', open).focus({ preventScroll: true });
    }
  };

  document.addEventListener('click', (event) => {
    if (!(event.target instanceof Element)) return;
    const button = event.target.closest('#viewer [data-act], #viewer [data-do]');
    const { act, do: does } = button?.dataset ?? {};
    if (does === 'next') turn(1);
    if (does === 'previous') turn(-1);
    if (does === 'close' || act === 'use' || act === 'vary' || act === 'compare' || event.target.matches('#viewer .large')) close();
  }, true);
  document.addEventListener('album-gone', () => {
    const id = viewer()?.dataset.id;
    const deleted = tiles().find((it) => it.dataset.id === id)?.classList.contains('gone');
    if (deleted && !turn(1) && !turn(-1)) close();
  });
  document.addEventListener('keydown', (event) => {
    if (!viewer()) return;
    if (event.key === 'Escape') close();
    if (event.target instanceof Element && event.target.matches('input')) return;
    if (event.key === 'ArrowRight') turn(1);
    if (event.key === 'ArrowLeft') turn(-1);
    if (event.key === 'Delete') one('[data-act=delete]', viewer()).click();
  });

  const start = () => {
    new MutationObserver(keep).observe(document.body, { subtree: true, childList: true, attributeFilter: ['data-opened'] });
  };
  if (document.body) start();
  else addEventListener('DOMContentLoaded', start);
})();
