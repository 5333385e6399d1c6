"use strict";
(() => {
  const by = (id) => document.getElementById(id);
  const figure = (number) => document.querySelector(`.film figure[data-cell="${number}"]`);
  const shown = (number) => figure(number)?.querySelector("img");

  function pair() {
    const section = by("pair");
    if (!section) return;
    const [left, right, zoom, divide, layers] = ["left", "right", "zoom", "divide", "layers"].map(by);
    for (const option of section.querySelectorAll("optgroup option"))
      if (!shown(option.value)) option.remove();  // its file was gone when the report was made
    if (left.options.length < 2) return;

    const place = (select, image, name) => {
      const from = shown(select.value);
      image.src = from.src;
      image.alt = from.alt;
      image.className = from.className;
      name.textContent = figure(select.value).querySelector("b").textContent;
    };
    const show = () => {
      place(left, by("over"), by("left_name"));
      place(right, by("under"), by("right_name"));
      const { width, height } = shown(right.value).attributes;
      section.style.setProperty("--ratio", width.value / height.value);
    };
    const at = (percent) => {
      divide.value = percent;
      layers.style.setProperty("--at", `${divide.value}%`);
    };
    const drag = (event) => {
      const box = layers.getBoundingClientRect();
      at(100 * (event.clientX - box.left) / box.width);
    };
    left.addEventListener("change", show);
    right.addEventListener("change", show);
    divide.addEventListener("input", () => at(divide.value));
    zoom.addEventListener("change", () => layers.style.setProperty("--zoom", zoom.value));
    layers.addEventListener("pointerdown", drag);
    layers.addEventListener("pointermove", (event) => { if (event.buttons) drag(event); });
    layers.addEventListener("dragstart", (event) => event.preventDefault());

    const others = (select) => [...select.selectedOptions[0].parentElement.children].filter((one) => !one.selected);
    const choose = (number) => {
      right.value = number;
      left.value = (others(right)[0] || [...left.options].find((one) => one.value !== number)).value;
      show();
      section.scrollIntoView({ block: "start" });
      by("stage").focus({ preventScroll: true });
    };
    for (const image of document.querySelectorAll(".film img")) {
      const button = document.createElement("button");
      button.className = "look";
      button.setAttribute("aria-label", `${section.querySelector("h2").textContent}: ${image.alt}`);
      button.addEventListener("click", () => choose(image.closest("figure").dataset.cell));
      image.replaceWith(button);
      button.append(image);
    }
    right.selectedIndex = 1;
    show();
    at(50);
    section.hidden = false;
  }

  function ended({ dataset, lastElementChild: words, firstElementChild: frames }) {  // the last frame is the picture
    const last = frames.lastElementChild.cloneNode();
    last.src = shown(dataset.of)?.src ?? last.src;
    last.alt = dataset.end;
    if (frames.lastElementChild.alt === dataset.end) frames.lastElementChild.remove();
    frames.append(last);
    return { frames: [...frames.children], words: words.querySelector("span") };
  }

  function strips(details) {
    const slider = details.querySelector("input");
    const films = [...details.querySelectorAll("figure")].map(ended);
    const show = () => {
      for (const { frames, words } of films) {
        const now = Math.round(slider.value * (frames.length - 1));
        frames.forEach((frame, index) => frame.classList.toggle("now", index === now));
        words.textContent = frames[now].alt;
      }
    };
    slider.step = 1 / Math.max(1, ...films.map(({ frames }) => frames.length - 1));
    slider.value = 1;
    slider.hidden = false;
    slider.addEventListener("input", show);
    details.classList.add("live");
    for (const group of details.querySelectorAll(".frames")) group.removeAttribute("tabindex");
    show();
  }

  pair();
  document.querySelectorAll(".strips").forEach(strips);
  document.querySelector(".strips")?.setAttribute("open", "");
})();
