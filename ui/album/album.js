// The gallery in the browser: further tiles before the end is reached, and none far from it; what is selected; keys.
(() => {
  const FAR = 4000;  // pixels around the window within which tiles are kept
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const tile = (id) => one(`#album_grid .tile[data-id="${id}"]`);
  const shown = () => all('#album_grid .tile:not(.gone)');
  const chosen = new Set();  // ids, also of tiles that are not there now

  const fetched = async (address) => {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(answer.statusText);
    return answer.text();
  };

  // Every block of tiles is a list that knows its address: emptied when it is far away, filled again when it comes near.
  const fill = async (block) => {
    const address = block.dataset.page;
    try {
      const tiles = await fetched(address);
      if (block.dataset.page !== address || !block.style.height) return;
      block.innerHTML = tiles;
      block.style.height = '';
      check(block);
    } catch {
      setTimeout(() => { far.unobserve(block); far.observe(block); }, 3000);
    }
  };
  const far = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target: block } of entries) {
      if (isIntersecting && block.style.height) fill(block);
      if (!isIntersecting && !block.style.height && block.offsetHeight && !block.contains(document.activeElement)) {
        block.style.height = `${block.offsetHeight}px`;
        block.replaceChildren();
      }
    }
  }, { root: document, rootMargin: `${FAR}px 0px` });

  const fetching = new WeakSet();
  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) extend(target);
  }, { root: document, rootMargin: '1500px 0px' });
  const extend = async (end) => {
    if (fetching.has(end)) return;
    const address = end.dataset.next;
    fetching.add(end);
    near.unobserve(end);
    try {
      const added = document.createElement('template');
      added.innerHTML = await fetched(address);
      if (end.dataset.next === address) {
        end.replaceWith(added.content);
        check(one('#album_grid'));
      }
      fetching.delete(end);
      if (end.isConnected) near.observe(end);
    } catch {
      setTimeout(() => { fetching.delete(end); near.observe(end); }, 3000);
    }
  };

  // What is selected.
  const check = (root) => { for (const box of all('.pick input', root)) box.checked = chosen.has(box.value); };
  const count = () => {
    const bar = one('#album_grid .picked');
    if (!bar) return;
    bar.hidden = !chosen.size;
    const words = one('b', bar);
    words.textContent = words.dataset.text.replace('{count}', chosen.size.toLocaleString(document.documentElement.lang || undefined));
    one('[name=ids]', bar).value = [...chosen].join('.');
  };
  let last = null;  // the box that was used before, for a range
  const select = (box, range) => {
    const boxes = all('#album_grid .tile:not(.gone) .pick input');
    const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
    for (const it of range && from >= 0 ? boxes.slice(from, to + 1) : [box]) {
      it.checked = box.checked;
      if (it.checked) chosen.add(it.value); else chosen.delete(it.value);
    }
    last = box;
    count();
  };
  const selectAll = async (button) => {
    button.disabled = true;
    try {
      for (const id of (await fetched(button.parentElement.dataset.all)).split(' ')) chosen.add(id);
      for (const gone of all('#album_grid .tile.gone')) chosen.delete(gone.dataset.id);
    } finally {
      button.disabled = false;
    }
    check(one('#album_grid'));
    count();
  };
  const selectNone = () => { chosen.clear(); check(one('#album_grid')); count(); };

  // What the server tells: another search, what is deleted, had back, or missing.
  let asked = '', said = '';
  const heed = (notice) => {
    const ids = (what) => (notice.dataset[what] ?? '').split(' ').filter(Boolean);
    for (const id of [...ids('deleted'), ...ids('missing')]) {
      tile(id)?.classList.add('gone');
      chosen.delete(id);
    }
    for (const id of ids('restored')) tile(id)?.classList.remove('gone');
    check(one('#album_grid'));
    count();
    document.dispatchEvent(new CustomEvent('album-gone'));
  };
  const keep = () => {
    const now = one('#album_grid [data-asked]')?.dataset.asked ?? '';
    if (now !== asked) {
      asked = now;
      for (const gone of all('#album_grid .gone')) gone.classList.remove('gone');
      selectNone();
    }
    for (const block of all('#album_grid .tiles')) far.observe(block);
    for (const end of all('#album_grid .next')) if (!fetching.has(end)) near.observe(end);
    const notice = one('#album_done .done');
    if (notice && notice.dataset.moment !== said) {
      said = notice.dataset.moment;
      notice.hidden = false;
      heed(notice);
    }
  };

  const acted = (button) => {
    const { act, do: does } = button.dataset;
    if (act === 'star') {  // before the server is told: what it is to become, on the tile and on the picture at large
      const value = String(button.getAttribute('aria-pressed') !== 'true');
      for (const star of all(`.star[data-id="${button.dataset.id}"]`)) {
        star.setAttribute('aria-pressed', value);
        star.dataset.value = value;
      }
    }
    if (act === 'tag') button.dataset.tag = button.previousElementSibling.value;
    if (button.closest('.picked') && 'ids' in button.dataset) button.dataset.ids = [...chosen].join(' ');
    if (does === 'all') selectAll(button);
    if (does === 'none') selectNone();
    if (does === 'dismiss') button.closest('.done').hidden = true;
  };
  document.addEventListener('click', (event) => {
    if (!(event.target instanceof Element)) return;
    const button = event.target.closest('[data-act], [data-do]');
    if (button) acted(button);
    if (event.target.matches('#album_grid .pick input')) select(event.target, event.shiftKey);
    const filters = event.target.closest('#album_filters');
    filters?.setAttribute('aria-expanded', one('#finder').classList.toggle('open'));
  }, true);
  document.addEventListener('error', (event) => {
    if (event.target instanceof Element && event.target.matches('#album_grid .tile img')) event.target.closest('.tile').classList.add('lost');
  }, true);

  // Arrows go from picture to picture, as in any list of pictures.
  const step = (key, tiles, at) => {
    const columns = tiles.filter((it) => it.offsetTop === tiles[0].offsetTop).length;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - columns, ArrowDown: at + columns, Home: 0, End: tiles.length - 1 }[key];
    return tiles[to];
  };
  const remove = (focused) => {
    const button = one('#album_grid .picked [data-act=delete]');
    const ids = chosen.size ? [...chosen] : [focused.dataset.id];
    const tiles = shown(), at = tiles.indexOf(focused);
    const next = [...tiles.slice(at + 1), ...tiles.slice(0, at).reverse()].find((it) => !ids.includes(it.dataset.id));
    for (const id of ids) chosen.add(id);
    button.click();
    if (next) one('[data-act=open]', next).focus();
  };
  const undo = () => one('#album_done .done:not([hidden]) [data-act=undo]')?.click();
  document.addEventListener('keydown', (event) => {
    const target = event.target instanceof Element ? event.target : document.body;
    if (target.matches('.tagging input') && event.key === 'Enter') {
      event.preventDefault();
      target.nextElementSibling.click();
      target.value = '';
    }
    const typing = target.matches('input:not([type=checkbox]), textarea, select');
    if (event.key === 'z' && (event.ctrlKey || event.metaKey) && !typing) undo();
    const focused = target.closest('#album_grid .tile');
    if (!focused || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Delete') remove(focused);
    if (event.key === 'Escape') selectNone();
    const tiles = shown();
    const to = step(event.key, tiles, tiles.indexOf(focused));
    if (!to) return;
    event.preventDefault();
    one('[data-act=open]', to).focus();
  });

  const start = () => {
    new MutationObserver(keep).observe(document.body, {
      subtree: true, childList: true, attributeFilter: ['data-asked', 'data-page', 'data-next', 'data-moment'],
    });
  };
  if (document.body) start();
  else addEventListener('DOMContentLoaded', start);
})();
