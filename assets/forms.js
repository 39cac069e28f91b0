// Forms and buttons; the names that all scripts use.
const id = (name) => document.getElementById(name);
const all = (css) => document.querySelectorAll(css);
const on = (type, act) => document.addEventListener(type, act, true);
document.documentElement.className = navigator.clipboard ? "js clip" : "js";

const stored = (act) => { try { return act(); } catch { } };

const check = (field) => {
  const { value = "", dataset: { min, max, short, long, edge } } = field, length = [...value].length;
  if (!min) return "";
  const wrong = length < min ? short : length > max ? long : value !== value.trim() ? edge : "", note = id(`${field.id}-note`);
  note.textContent = wrong || note.dataset.hint;
  note.classList.toggle("bad", field.ariaInvalid = !!wrong);
  return wrong;
};
on("focusout", ({ target }) => target.value && check(target));

// A generated password stays in this tab until it is used, under "" until it is accepted.
const kept = (of) => stored(() => sessionStorage[`for ${of}`]);
const keep = (of, made) => stored(() => { sessionStorage[`for ${of}`] = made; });
const reveal = (field, shown) => {
  field.type = shown ? "text" : "password";
  all(`[data-show="${field.id}"]`)[0].ariaPressed = shown;
};
const make = (field, made) => {
  made ||= [...crypto.getRandomValues(new Uint32Array(3))].map((n) => n.toString(36)).join("-");
  field.value = field.made = made;
  if ("fill" in field.dataset) keep("", made);
  reveal(field, true);
  check(field);
};
for (const { dataset: { accepted } } of all("[data-accepted]")) {
  keep(accepted, kept("") ?? "");
  keep("", "");
}
for (const field of all("[data-fill]")) if (kept("") || field.dataset.fill) make(field, kept(""));
for (const offer of all("[data-offer]")) offer.hidden = !kept(offer.dataset.offer);

// A form is sent once, and its page keeps its place.
const page = () => location.pathname + location.search;
on("submit", (e) => {
  const form = e.target, wrong = [...form.elements].find(check), lost = id("lost").textContent && !form.dataset.failed;
  if (form.hasAttribute("hx-target")) return;
  if (lost) id("live").textContent = form.dataset.failed = "Not sent: no connection.";
  if (wrong || lost || form.ariaBusy) return e.preventDefault(wrong?.focus());
  for (const field of form.querySelectorAll(".secret input")) {
    reveal(field, false);
    keep("", field.value === field.made ? field.made : "");
  }
  if ("forget" in form.dataset) stored(() => sessionStorage.clear());
  stored(() => { sessionStorage[page()] = scrollY; });
  form.ariaBusy = true;
  setTimeout(() => { form.ariaBusy = null; }, 1e4);
});
stored(() => {
  scrollTo(0, sessionStorage[page()] ?? scrollY);
  delete sessionStorage[page()];
});

for (const it of all("[data-kept]")) {
  it.checked = stored(() => JSON.parse(localStorage[it.id])) ?? it.checked;
  it.onchange = () => stored(() => { localStorage[it.id] = it.checked; });
}

const acts = {
  async copy(button, what) {
    const text = id(what)?.value ?? id(what)?.innerText ?? what;
    const copied = await navigator.clipboard.writeText(text).then(() => true, () => false);
    id("live").textContent = copied ? "Copied." : "Not copied.";
    button.classList.toggle("ok", copied);
    setTimeout(() => button.classList.remove("ok"), 1500);
    return copied;
  },
  offer: async (link, name) => { if (await acts.copy(link, kept(name))) keep(name, ""); },
  make: (button, name) => make(id(name)),
  show: (button, name) => reveal(id(name), id(name).type !== "text"),
  close(button, name, e) {
    const box = button.closest("dialog, .notice");
    if (box) e.preventDefault(box.close ? box.close() : box.remove());
  },
};
on("click", (e) => {
  const button = e.target.closest("button, a");
  for (const name in button?.dataset) acts[name]?.(button, button.dataset[name], e);
});
on("htmx:afterSettle", ({ target }) => {
  if (target.id === "dialog" && target.firstChild) target.showModal();
  if (target.id === "preview") id("name").ariaInvalid = !!target.querySelector(".bad");
});
