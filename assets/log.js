// The log follows its end until scrolled up.
const box = id("log-box"), tail = id("log-follow");
const follow = () => { if (tail.checked) box.scroll(0, box.scrollHeight); };
if (tail) {
  box.onscroll = () => { tail.checked = box.scrollHeight - box.scrollTop - box.clientHeight < 32; };
  on("htmx:afterSettle", follow);
  on("change", follow);
  follow();
}
