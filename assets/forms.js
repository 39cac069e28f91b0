// Fields are checked, forms are sent once, buttons act.
const id = (name) => document.getElementById(name);
const on = (type, act) => document.addEventListener(type, act, true);
document.documentElement.className = navigator.clipboard ? "js clip" : "js";

const stored = (act) => { try { return act(); } catch { /* Not allowed. */ } };

const check = (field) => {
  const { value, dataset: rule } = field, length = [...value].length, bare = value.trim(), note = id(`${field.id}-note`);
  if (!rule.min && !rule.is) return "";
  const wrong = length < rule.min ? rule.short : length > rule.max ? rule.long : rule.edge && value !== bare ? rule.edge
    : rule.is && bare !== rule.is ? rule.not : "";
  note.textContent = wrong || note.dataset.hint;
  note.classList.toggle("bad", field.ariaInvalid = !!wrong);
  return wrong;
};
on("focusout", ({ target }) => target.value && check(target));

// A form is sent once, and its page comes back scrolled as it was.
const here = () => location.pathname + location.search, sent = [];
const again = () => { for (const it of sent.splice(0)) it.disabled = false; };
on("submit", (e) => {
  const form = e.target, wrong = [...form.elements].find(check);
  if (wrong) return e.preventDefault(wrong.focus());
  if (form.hasAttribute("hx-get")) return;
  for (const made of form.querySelectorAll(".secret [type=text]")) made.type = "password";
  stored(() => { sessionStorage.scrolled = `${scrollY} ${here()}`; });
  setTimeout(() => { for (const it of form.elements) if (it.type === "submit") { it.disabled = true; sent.push(it); } });
  setTimeout(again, 10000);
});
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) return again();
  stored(() => {
    const [top, page] = sessionStorage.scrolled.split(" ");
    if (page === here()) scrollTo(0, top);
    delete sessionStorage.scrolled;
  });
});

for (const it of document.querySelectorAll("[data-kept]")) {
  it.checked = stored(() => JSON.parse(localStorage[it.id])) ?? it.checked;
  it.addEventListener("change", () => stored(() => { localStorage[it.id] = it.checked; }));
}

const reveal = (field, shown) => {
  field.type = shown ? "text" : "password";
  document.querySelector(`[data-show="${field.id}"]`).ariaPressed = shown;
};
const make = (field) => {
  const signs = "abcdefghijkmnpqrstuvwxyz23456789", bytes = crypto.getRandomValues(new Uint8Array(20));
  field.value = Array.from(bytes, (byte) => signs[byte % 32]).join("").replace(/.{5}\B/g, "$&-");
  reveal(field, true);
  check(field);
};
document.querySelectorAll("[data-fill]").forEach(make);

const acts = {
  async copy(button, what) {
    const text = id(what)?.value ?? id(what)?.innerText ?? what;
    const copied = await navigator.clipboard.writeText(text).then(() => true, () => false);
    id("live").textContent = copied ? "Copied." : "It could not be copied.";
    button.classList.toggle("ok", copied);
    setTimeout(() => button.classList.remove("ok"), 1500);
  },
  make: (button, name) => make(id(name)),
  show: (button, name) => reveal(id(name), id(name).type !== "text"),
  close(button, name, e) {
    const open = button.closest("dialog, .notice");
    if (open) e.preventDefault(open.close ? open.close() : open.remove());
  },
};
on("click", (e) => {
  const button = e.target.closest("button, a");
  for (const name in button?.dataset) acts[name]?.(button, button.dataset[name], e);
});
on("htmx:afterSettle", ({ target }) => { if (target.id === "dialog" && target.firstChild) target.showModal(); });
