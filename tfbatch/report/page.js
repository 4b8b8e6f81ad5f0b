"use strict";
// Filters the records that are on the page; the choice is kept in the address, to be shared.
(() => {
  const form = document.getElementById("filters");
  const gallery = document.getElementById("gallery");
  if (!form || !gallery) return;
  const figures = [...gallery.querySelectorAll("figure")];
  const by = {
    worst: (a, b) => a.dataset.confidence - b.dataset.confidence,
    best: (a, b) => b.dataset.confidence - a.dataset.confidence,
    name: (a, b) => a.dataset.name.localeCompare(b.dataset.name),
  };

  const read = () => {
    const asked = new URLSearchParams(location.hash.slice(1));
    for (const name of ["class", "most", "order"]) {
      if (asked.has(name)) form.elements[name].value = asked.get(name);
    }
  };

  const show = () => {
    const { class: label, most, order, shown } = form.elements;
    shown.value = `${most.value} %`;
    let count = 0;
    for (const figure of figures) {
      const fits =
        (!label.value || figure.dataset.label === label.value) &&
        figure.dataset.confidence * 100 <= Number(most.value);
      figure.hidden = !fits;
      count += fits;
    }
    gallery.append(...figures.sort(by[order.value] || by.worst));
    document.getElementById("count").textContent = count.toLocaleString("en");
    document.getElementById("none").hidden = count > 0;
    for (const button of document.querySelectorAll(".classes button")) {
      button.setAttribute("aria-pressed", String(button.dataset.label === label.value));
    }
  };

  const keep = () => {
    const asked = new URLSearchParams(new FormData(form));
    history.replaceState(null, "", `#${asked}`);
    show();
  };

  form.addEventListener("input", keep);
  addEventListener("hashchange", () => { read(); show(); });
  for (const button of document.querySelectorAll(".classes button")) {
    button.addEventListener("click", () => {
      const select = form.elements.class;
      select.value = select.value === button.dataset.label ? "" : button.dataset.label;
      keep();
      form.scrollIntoView({ block: "start", behavior: "smooth" });
    });
  }
  read();
  show();
})();
