"use strict";
/* Charts and countdowns. What is not drawn stands in the table beside it. */
(() => {
  const chinese = document.documentElement.lang.startsWith("zh");

  function load(source) {
    return new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = source;
      script.onload = done;
      script.onerror = failed;
      document.head.append(script);
    });
  }

  let charts = null;
  function withCharts() {
    if (!charts) {
      charts = load("/static/vendor/echarts.min.js").then(() => load("/static/vendor/echarts-zh.js"));
    }
    return charts;
  }

  async function draw(root) {
    const found = [...root.querySelectorAll("[data-chart]:not([data-drawn])")];
    if (!found.length) return;
    for (const each of found) each.dataset.drawn = "";
    await withCharts();
    for (const each of found) {
      const chart = window.echarts.init(each, null, { renderer: "svg", locale: chinese ? "ZH" : "EN" });
      const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
      chart.setOption({
        animation: !still, aria: { enabled: true, decal: { show: true } },
        color: ["#0958d9", "#b3161b", "#c98500", "#1a6b34", "#57606a"],
        ...JSON.parse(each.dataset.chart),
      });
      new ResizeObserver(() => chart.resize()).observe(each);
    }
  }

  function left(until) {
    const minutes = Math.round((until - Date.now()) / 60000);
    const size = Math.abs(minutes);
    const words = size < 60 ? [size, chinese ? "分钟" : "min"]
      : size < 2880 ? [Math.round(size / 60), chinese ? "小时" : "h"]
      : [Math.round(size / 1440), chinese ? "天" : "d"];
    if (chinese) return minutes < 0 ? `已超 ${words.join(" ")}` : `还有 ${words.join(" ")}`;
    return minutes < 0 ? `${words.join(" ")} over` : `${words.join(" ")} left`;
  }

  function count() {
    for (const each of document.querySelectorAll("[data-until]")) {
      each.textContent = left(Date.parse(each.dataset.until));
    }
  }

  document.addEventListener("DOMContentLoaded", () => { draw(document); count(); });
  document.addEventListener("htmx:after:swap", () => { draw(document); count(); });
  document.addEventListener("htmx:afterSwap", () => { draw(document); count(); });
  setInterval(count, 30000);

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });

  /* A form that chooses says so at once, a slider when it comes to rest; the focus is on the field
     again when the page is there. Without a script the form has a button. */
  let rest = 0;
  document.addEventListener("change", (event) => {
    const field = event.target, form = field.closest("form[data-at-once]");
    if (!form) return;
    if (field.id) form.setAttribute("action", `#${field.id}`);
    clearTimeout(rest);
    rest = setTimeout(() => form.requestSubmit(), field.type === "range" ? 600 : 0);
  });
})();
