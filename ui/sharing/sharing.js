// Texts onto the clipboard: what stands beside a button with data-copy, or at its address data-from. And links.
(() => {
  const FIELDS = ['prompt', 'negative_prompt', 'model', 'steps', 'guidance_scale', 'width', 'height', 'seed', 'sampler', 'count'];

  // The page's own address, as every text quotes it: within single quotes.
  const address = () => new URL('.', location.origin + location.pathname).href.replaceAll("'", '%27');
  const written = async (button) => {
    if (button.dataset.from) {
      const answer = await fetch(button.dataset.from);
      return answer.ok ? answer.text() : null;
    }
    const text = button.closest('[data-copied]').querySelector('pre').cloneNode(true);
    for (const mark of text.querySelectorAll('.address')) mark.replaceWith(address());
    return text.textContent;
  };
  const copy = async (button) => {
    const text = await written(button);
    if (text === null) return false;
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {  // not at a plain http address of another machine
      const field = document.createElement('textarea');
      field.value = text;
      document.body.append(field);
      field.select();
      const done = document.execCommand('copy');
      field.remove();
      button.focus();
      if (!done) shown(button, text);
      return done;
    }
  };
  // For the visitor's own hands.
  const shown = (button, text) => {
    const pre = button.closest('[data-copied]')?.querySelector('pre');
    if (!pre) return;
    Object.assign(pre, { hidden: false, textContent: text });
    getSelection().selectAllChildren(pre);
  };
  const say = (button, words) => {
    button.dataset.label ??= button.textContent;
    button.textContent = words;
    clearTimeout(button.saying);
    button.saying = setTimeout(() => { button.textContent = button.dataset.label; }, 2000);
  };

  const closeMenus = (but) => {
    for (const menu of document.querySelectorAll('details.copies[open]')) if (menu !== but) menu.open = false;
  };
  document.addEventListener('click', async (event) => {
    if (!(event.target instanceof Element)) return;
    closeMenus(event.target.closest('details.copies'));
    const button = event.target.closest('[data-copy]');
    if (button) say(button, await copy(button) ? button.dataset.done : button.dataset.failed);
    if (event.target.closest('#develop')) served();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    const menu = document.activeElement?.closest('details.copies[open]');
    closeMenus();
    menu?.querySelector('summary').focus();
  });

  // What the controls held can't be copied any more once they may have changed.
  const forget = (event) => {
    if (event.target instanceof Element && !event.target.closest('#copies')) document.querySelector('#copies .copyable')?.remove();
  };
  document.addEventListener('input', forget);
  document.addEventListener('click', forget);

  // A link fills the page in until something is developed. From then on a reload comes back to that.
  const served = () => {
    const here = new URL(location.href);
    if (!FIELDS.some((field) => here.searchParams.has(field))) return;
    for (const field of FIELDS) here.searchParams.delete(field);
    history.replaceState(history.state, '', here);
  };
})();
