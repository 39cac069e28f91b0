// What the pages do with script. They work without it.
const page = document;
const id = (name) => page.getElementById(name);
const on = (type, act) => page.addEventListener(type, act, true);
page.documentElement.className = navigator.clipboard ? "js clip" : "js";

// Times count on from what the server wrote, whatever the clock says.
const tick = () => page.querySelectorAll("[data-since]").forEach((time) => {
  const [s, m = 0] = time.textContent.match(/\d+/g).reverse(), now = Date.now() / 1000;
  const past = Math.round(now - (time.from ??= now - m * 60 - s));
  time.textContent = past < 60 ? `${past}s` : `${past / 60 | 0}m ${past % 60}s`;
});
setInterval(tick, 1000);
tick();

// One trouble, one sentence, gone when it is over.
on("visibilitychange", () => page.hidden || htmx.trigger(page.body, "refetch"));
// A hidden page does not poll.
on("htmx:beforeRequest", (e) => page.hidden && e.target.id === "poll" && e.preventDefault());
const banner = id("lost"), alert = id("alert");
let missed = 0;
const lost = () => { if (++missed === 2) banner.textContent = banner.dataset.text; };
on("htmx:sendError", lost);
on("htmx:timeout", lost);
const typed = () => page.querySelector("dialog[open]") || [...page.querySelectorAll("input")].some((field) => field.value !== field.defaultValue);
on("htmx:beforeSwap", ({ detail }) => {
  const { target } = detail, from = detail.pathInfo.requestPath.split("?")[0];
  const build = detail.xhr.getResponseHeader("vps-claude-build");
  // A response without our build comes from somebody else: a proxy, a captive portal.
  if (!build) {
    detail.shouldSwap = detail.isError = false;
    return lost();
  }
  missed = 0;
  if (build !== page.querySelector("[name=build]").content && !typed()) location.reload();
  // A row that leaves the page is none.
  if (detail.xhr.getResponseHeader("hx-reswap") === "delete") detail.isError = false;
  banner.textContent = "";
  if (target !== alert) { if (alert.from === from) alert.replaceChildren(); }
  else if (alert.firstChild) detail.shouldSwap = false;
  else alert.from = from;
  // The answer for a list that was searched meanwhile is of no use.
  if (!detail.requestConfig.elt.isConnected) detail.shouldSwap = false;
  keepFocus(target);
});
const keepFocus = (target) => {
  if (target.contains(page.activeElement)) setTimeout(() => page.activeElement.id || id(target.id + "-name")?.focus());
};
on("htmx:oobBeforeSwap", ({ detail }) => keepFocus(detail.target));

// The log follows its end until scrolled up.
const box = id("log-box"), tail = id("log-follow");
const follow = () => tail?.checked && box.scroll(0, 1e7);
if (tail) box.onscroll = () => { tail.checked = box.scrollHeight - box.scrollTop - box.clientHeight < 32; };
on("htmx:afterSettle", ({ target }) => target.id === "dialog" ? target.showModal() : follow());
follow();

// Fields say what is wrong as the server does.
const check = (field) => {
  const { value, dataset: d } = field, n = [...value].length, bare = value.trim(), note = id(field.id + "-note");
  if (!d.min && !d.is) return;
  const text = n < d.min ? d.short : n > d.max ? d.long : d.edge && value !== bare ? d.edge : d.is && bare !== d.is ? d.not : "";
  note.textContent = text || note.dataset.hint;
  note.classList.toggle("bad", field.ariaInvalid = !!text);
  return text;
};
on("focusout", ({ target }) => target.value && check(target));
on("submit", (e) => {
  const field = [...e.target.elements].find(check);
  if (field) e.preventDefault(field.focus());
});
const make = (field) => {
  const signs = "abcdefghijkmnpqrstuvwxyz23456789", bytes = crypto.getRandomValues(new Uint8Array(20));
  field.value = Array.from(bytes, (n) => signs[n % 32]).join("").replace(/.{5}\B/g, "$&-");
  check(field);
};
page.querySelectorAll("[data-fill]").forEach(make);

const acts = {
  async copy(el, what) {
    await navigator.clipboard.writeText(id(what)?.value ?? id(what)?.innerText ?? what);
    id("live").textContent = "Copied.";
    el.classList.add("ok");
    setTimeout(() => el.classList.remove("ok"), 1500);
  },
  make: (el, name) => make(id(name)),
  show(el, name) {
    const shown = id(name).type === "text";
    id(name).type = shown ? "password" : "text";
    el.ariaPressed = !shown;
  },
  close(el, name, e) {
    const it = el.closest("dialog, .notice");
    if (it) e.preventDefault(it.close ? it.close() : it.remove());
  },
};
on("click", (e) => {
  const el = e.target.closest("button, a");
  for (const name in el?.dataset) acts[name]?.(el, el.dataset[name], e);
});

const used = id("keys"), keys = { "/": () => id("q")?.select(), n: () => { location = "/environments/new"; }, "?": () => id("help").showPopover() };
if (used) used.checked = localStorage.keys !== "false";
on("change", () => { follow(); if (used) localStorage.keys = used.checked; });
on("keydown", (e) => {
  const act = used?.checked && keys[e.key];
  if (act && !(e.ctrlKey || e.metaKey || e.altKey || e.target.closest("input, dialog"))) e.preventDefault(act());
});
