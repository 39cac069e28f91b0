// Times count on, in the local zone.
const count = (n, unit) => `${n | 0} ${unit}${n < 2 ? "" : "s"} ago`;
const words = {
  elapsed: (s) => s < 60 ? `${s}s` : s < 3600 ? `${s / 60 | 0}m ${s % 60}s` : `${s / 3600 | 0}h ${(s % 3600) / 60 | 0}m`,
  ago: (s) => s < 60 ? "just now" : s < 3600 ? count(s / 60, "minute") : s < 86400 ? count(s / 3600, "hour")
    : s < 31536000 ? count(s / 86400, "day") : count(s / 31536000, "year"),
  second: (s, at) => at.toLocaleTimeString(),
  clock: (s, at) => at.toLocaleString([], { timeStyle: "short", dateStyle: at.toDateString() === new Date().toDateString() ? undefined : "medium" }),
};

// The server's clock counts.
const write = (time) => {
  const { kind, age } = time.dataset, now = Date.now() / 1000, at = new Date(time.dateTime);
  time.began ??= now - age;
  const text = words[kind](Math.max(0, Math.round(now - time.began)), at);
  if (time.firstChild.data !== text) time.firstChild.data = text;
};
const tick = () => all("time[data-kind]").forEach(write);
document.onmouseover = ({ target: it }) => {
  if (it.dataset.kind) it.title ||= new Date(it.dateTime).toLocaleString();
};
setInterval(tick, 1000);
on("htmx:afterSettle", tick);
tick();
