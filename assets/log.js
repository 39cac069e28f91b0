// The log follows its end until scrolled up.
const box = document.getElementById("log-box"), tail = document.getElementById("log-follow");
const follow = () => { if (tail.checked) box.scroll(0, box.scrollHeight); };
if (tail) {
  box.onscroll = () => { tail.checked = box.scrollHeight - box.scrollTop - box.clientHeight < 32; };
  document.addEventListener("htmx:afterSettle", follow);
  document.addEventListener("change", follow);
  follow();
}
