// Polls; lost connections; newer builds.
const banner = id("lost"), alert = id("alert"), live = id("live");

// A hidden page polls while something moves; its title tells the end.
let polled = 0;
on("htmx:beforeRequest", (e) => {
  if (e.target.id !== "poll") return;
  const late = Date.now() - polled > 15000 && "moves" in e.target.dataset;
  if (document.hidden && !late) e.preventDefault();
  else polled = Date.now();
});
const title = document.title;
new MutationObserver(() => {
  if (document.hidden && live.textContent) document.title = live.textContent;
}).observe(live, { childList: true });
on("visibilitychange", () => {
  if (document.hidden) return;
  document.title = title;
  htmx.trigger(document.body, "refetch");
});

// Two failures in a row.
let missed = 0;
const lost = () => { if (++missed === 2) banner.textContent = banner.dataset.text; };
on("htmx:sendError", lost);
on("htmx:timeout", lost);
const typed = () => all("dialog[open]")[0]
  || [...all("input:not([type=checkbox])")].some((field) => field.value !== field.defaultValue);
on("htmx:beforeSwap", ({ detail }) => {
  const { target, xhr } = detail, from = detail.pathInfo.requestPath.split("?")[0];
  const build = xhr.getResponseHeader("vps-claude-build");
  // A proxy's answer.
  if (!build) {
    detail.shouldSwap = detail.isError = false;
    return lost();
  }
  missed = 0;
  banner.textContent = "";
  if (build !== all("[name=build]")[0].content && !typed()) location.reload();
  if (xhr.getResponseHeader("hx-reswap") === "delete") detail.isError = false;
  if (target !== alert) { if (alert.from === from) alert.replaceChildren(); }
  else if (alert.firstChild) detail.shouldSwap = false;
  else alert.from = from;
  // It was replaced.
  if (!detail.requestConfig.elt.isConnected) detail.shouldSwap = false;
  keepFocus(target);
});

const keepFocus = (target) => {
  if (target.contains(document.activeElement)) setTimeout(() => document.activeElement.id || id(`${target.id}-name`)?.focus());
};
on("htmx:oobBeforeSwap", ({ detail }) => keepFocus(detail.target));
