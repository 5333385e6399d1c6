// Comparisons in the browser: files that are dropped, the cell that develops, two pictures chosen to look at closely.
(() => {
  const grid = () => document.querySelector('#compare_grid .grid');

  // A file is read here: its text goes where it belongs, and nothing is uploaded.
  let recipe = '';  // the latest, in case somebody is asked whether to download its models
  const taken = async (place, file) => {
    if (!file) return;
    if (file.size > Number(place.dataset.most)) {
      place.querySelector('span').textContent = place.dataset.large;
      return;
    }
    const text = await file.text();
    if (place.dataset.file === 'prompts') {
      const box = document.querySelector('#compare_prompts textarea');
      box.value = text.trim();
      box.dispatchEvent(new Event('input', { bubbles: true }));
    } else {
      const button = place.parentElement.querySelector('[data-act]');
      recipe = text;
      button.dataset.text = text;
      button.click();
      delete button.dataset.text;
    }
  };
  document.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? event.target.closest('#compare_recipe [data-act=replay]') : null;
    if (button) button.dataset.text = recipe;
  }, true);
  const place = (event) => event.target instanceof Element ? event.target.closest('.drop') : null;
  document.addEventListener('change', (event) => {
    const there = place(event);
    if (!there) return;
    taken(there, event.target.files[0]);
    event.target.value = '';
  });
  for (const kind of ['dragover', 'dragleave', 'drop']) {
    document.addEventListener(kind, (event) => {
      const there = place(event) ?? (event.target instanceof Element && event.target.closest('#compare_prompts')
        ? document.querySelector('.drop[data-file="prompts"]') : null);
      if (!there || !event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      there.classList.toggle('over', kind === 'dragover');
      if (kind === 'drop') taken(there, event.dataTransfer.files[0]);
    });
  }

  // The frame and the words of the cell that develops now.
  const develop = () => {
    const told = document.querySelector('#compare_live [data-cell]');
    if (!told || told.dataset.run !== grid()?.dataset.run) return;
    const cell = grid().querySelector(`[data-cell="${told.dataset.cell}"][data-state="running"]`);
    const frame = cell?.querySelector('.frame'), phase = cell?.querySelector('.phase');
    if (frame && told.dataset.source && frame.getAttribute('src') !== told.dataset.source) frame.src = told.dataset.source;
    if (phase && phase.textContent !== told.textContent) phase.textContent = told.textContent;
  };

  // Two pictures, one after another.
  let first = '';
  const mark = () => {
    const there = grid();
    if (!there) return;
    if (first && !there.querySelector(`[data-pick="${first}"]`)) first = '';
    for (const photo of there.querySelectorAll('[data-pick]')) {
      const chosen = String(photo.dataset.pick === first);
      if (photo.getAttribute('aria-pressed') !== chosen) photo.setAttribute('aria-pressed', chosen);
    }
    if (there.classList.contains('choosing') !== Boolean(first)) there.classList.toggle('choosing', Boolean(first));
  };
  const pick = (number) => {
    const look = grid().querySelector('.look');
    if (first && first !== number) {
      Object.assign(look.dataset, { a: first, b: number });
      first = '';
      look.click();
    } else {
      first = first === number ? '' : number;
    }
    mark();
  };
  document.addEventListener('click', (event) => {
    if (!(event.target instanceof Element)) return;
    const photo = event.target.closest('[data-pick]');
    if (photo) pick(photo.dataset.pick);
    for (const menu of document.querySelectorAll('#compare details[open]')) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    first = '';
    mark();
    for (const menu of document.querySelectorAll('#compare details[open]')) menu.open = false;
  });

  const keep = () => { develop(); mark(); };
  const start = () => {
    new MutationObserver(keep).observe(document.body, {
      subtree: true, childList: true, characterData: true,
      attributeFilter: ['data-source', 'data-state', 'data-cell', 'data-run', 'aria-pressed', 'class'],
    });
  };
  if (document.body) start();
  else addEventListener('DOMContentLoaded', start);
})();
