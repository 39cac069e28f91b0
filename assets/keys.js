// Single keys.
const used = id("keys");
const keys = { "/": () => id("q")?.select(), n: () => { location = "/environments/new"; }, "?": () => id("help").showPopover() };
on("keydown", (e) => {
  const act = used?.checked && keys[e.key];
  if (act && !(e.ctrlKey || e.metaKey || e.altKey || e.target.closest("input, textarea, dialog"))) e.preventDefault(act());
});
